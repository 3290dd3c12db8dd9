// Stand-in for `pulumi-language-nodejs`, used where Pulumi's release archive cannot be downloaded.
// Runs this repository's program with the npm package's own runner. It does not: run TypeScript through ts-node, run
// package managers, generate code or SDKs, run plugins written in Node.js other than policy packs, attach debuggers.

import { spawn } from "node:child_process";
import { existsSync, globSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import grpc from "@grpc/grpc-js";
import languageService from "@pulumi/pulumi/proto/language_grpc_pb.js";
import messages from "@pulumi/pulumi/proto/language_pb.js";
import pluginMessages from "@pulumi/pulumi/proto/plugin_pb.js";
import { version } from "@pulumi/pulumi/version.js";
import empty from "google-protobuf/google/protobuf/empty_pb.js";
import { engineAddress, serve, unary } from "./grpc-server.ts";
import { runPolicyPack } from "./policy-pack.ts";

const alreadyReported = 32; // exit code of the runner when it has told the user what is wrong
const running = new Set<() => void>();

function packages(directory: string): { name: string; version: string; pulumi?: { resource?: boolean; name?: string; version?: string } }[] {
  const modules = join(directory, "node_modules");
  if (!existsSync(modules)) return directory === dirname(directory) ? [] : packages(dirname(directory));
  return globSync(["*/package.json", "@*/*/package.json"], { cwd: modules }).map((file) => JSON.parse(readFileSync(join(modules, file), "utf8")));
}

const plugins = (directory: string) =>
  packages(directory)
    .filter((found) => found.pulumi?.resource)
    .map((found) => ({
      name: found.pulumi?.name ?? found.name.replace(/^@pulumi\/|^@/, ""),
      version: `v${(found.pulumi?.version ?? found.version).replace(/^v/, "")}`,
    }));

const flags = (values: Record<string, string | number | undefined>) =>
  Object.entries(values).flatMap(([name, value]) => (value ? [`--${name}`, String(value)] : []));

function run(request: any, call: any): Promise<unknown> {
  const info = request.getInfo();
  const configuration = [...request.getConfigMap().entries()].map(([key, value]: [string, string]) => [
    key.replace(/^([^:]+):(?!config:)/, "$1:config:"),
    value,
  ]);
  if (info.getOptions()?.toJavaScript().typescript !== false)
    throw new Error("this stand-in runs TypeScript by Node's type stripping: Pulumi.yaml needs `runtime: {name: nodejs, options: {typescript: false}}`");
  const runner = createRequire(join(info.getProgramDirectory(), "main.js")).resolve("@pulumi/pulumi/cmd/run/index.js");
  const child = spawn(
    process.execPath,
    [
      runner,
      ...flags({
        monitor: request.getMonitorAddress(),
        engine: engineAddress,
        organization: request.getOrganization(),
        project: request.getProject(),
        "root-directory": info.getRootDirectory(),
        stack: request.getStack(),
        pwd: info.getProgramDirectory(),
        parallel: request.getParallel(),
      }),
      ...(request.getDryrun() ? ["--dry-run"] : []),
      info.getEntryPoint(),
      ...request.getArgsList(),
    ],
    {
      cwd: info.getProgramDirectory(),
      stdio: ["ignore", "inherit", "inherit"],
      env: {
        ...process.env,
        PULUMI_CONFIG: JSON.stringify(Object.fromEntries(configuration)),
        PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(request.getConfigsecretkeysList()),
        PULUMI_NODEJS_TYPESCRIPT: "false",
      },
    },
  );
  const stop = () => child.kill();
  running.add(stop);
  call.on("cancelled", stop);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      running.delete(stop);
      const response = new messages.RunResponse().setBail(code === alreadyReported);
      if (code !== 0 && code !== alreadyReported)
        response.setError(signal ? `Program was ended by ${signal}` : `Program exited with non-zero exit code: ${code}`);
      resolve(response);
    });
  });
}

await serve(languageService.LanguageRuntimeService as unknown as grpc.ServiceDefinition, {
  handshake: unary(() => new messages.LanguageHandshakeResponse()),
  getPluginInfo: unary(() => new pluginMessages.PluginInfo().setVersion(version)),
  getRequiredPlugins: unary((request: any) =>
    new messages.GetRequiredPluginsResponse().setPluginsList(
      plugins(request.getInfo().getProgramDirectory()).map((plugin) =>
        new pluginMessages.PluginDependency().setKind("resource").setName(plugin.name).setVersion(plugin.version),
      ),
    ),
  ),
  getRequiredPackages: unary((request: any) =>
    new messages.GetRequiredPackagesResponse().setPackagesList(
      plugins(request.getInfo().getProgramDirectory()).map((plugin) =>
        new pluginMessages.PackageDependency().setKind("resource").setName(plugin.name).setVersion(plugin.version),
      ),
    ),
  ),
  getProgramDependencies: unary((request: any) =>
    new messages.GetProgramDependenciesResponse().setDependenciesList(
      packages(request.getInfo().getProgramDirectory()).map((found) => new messages.DependencyInfo().setName(found.name).setVersion(found.version)),
    ),
  ),
  about: unary(() => new messages.AboutResponse().setExecutable(process.execPath).setVersion(process.version)),
  runtimeOptionsPrompts: unary(() => new messages.RuntimeOptionsResponse()),
  installDependencies: (call: any) => call.emit("error", { code: grpc.status.UNIMPLEMENTED, details: "the stand-in runs no package manager; run `npm ci`" }),
  run: unary(run),
  runPlugin: runPolicyPack,
  cancel: unary(() => {
    for (const stop of running) stop();
    return new empty.Empty();
  }),
});
