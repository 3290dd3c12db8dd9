// Stand-in for `pulumi-resource-docker`, used where the genuine plugin cannot be downloaded.
// Builds and pushes `docker:index/image:Image` with the `docker` command. It does not: other resources of the package,
// settings of the provider but `host`, sessions of BuildKit beyond what the command itself does.

import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { homedir, tmpdir } from "node:os";
import { join, relative } from "node:path";
import { contextDigest } from "./build-context.ts";
import { log } from "./grpc-server.ts";
import { differences } from "./property-diff.ts";
import { type Properties, hasUnknown } from "./property-values.ts";
import { type Operation, serveProvider } from "./resource-provider.ts";

const keptLines = 25;
const cancellation = new AbortController();

const server = ({ imageName, registry }: Properties): string =>
  registry?.server ?? (/^[^/]*[.:][^/]*\/|^localhost\//.test(imageName) ? imageName.split("/")[0] : "docker.io");

/** The user's own configuration with the program's credentials added; gone after the call. */
async function withCredentials<Result>(inputs: Properties, call: (environment: NodeJS.ProcessEnv) => Promise<Result>): Promise<Result> {
  const { username, password } = inputs.registry ?? {};
  if (!username || !password) return call(process.env);
  const own = join(process.env.DOCKER_CONFIG ?? join(homedir(), ".docker"), "config.json");
  const configuration = existsSync(own) ? JSON.parse(readFileSync(own, "utf8")) : {};
  const key = server(inputs) === "docker.io" ? "https://index.docker.io/v1/" : server(inputs).replace(/^https?:\/\/|\/.*$/g, "");
  const auths = { ...configuration.auths, [key]: { auth: Buffer.from(`${username}:${password}`).toString("base64") } };
  const directory = mkdtempSync(join(tmpdir(), "docker-config-"));
  try {
    writeFileSync(join(directory, "config.json"), JSON.stringify({ ...configuration, auths, credsStore: undefined, credHelpers: undefined }), { mode: 0o600 });
    return await call({ ...process.env, DOCKER_CONFIG: directory });
  } finally {
    rmSync(directory, { recursive: true });
  }
}

async function docker(urn: string, args: string[], env: NodeJS.ProcessEnv, doing: string): Promise<string[]> {
  const child = spawn("docker", args, { env, stdio: ["ignore", "pipe", "pipe"], signal: cancellation.signal });
  const lines: string[] = [];
  const read = async (stream: NodeJS.ReadableStream) => {
    let rest = "";
    for await (const chunk of stream.setEncoding("utf8") as AsyncIterable<string>) {
      const [last, ...complete] = (rest + chunk).split(/\r?\n/).reverse();
      rest = last ?? "";
      for (const line of complete.reverse().filter(Boolean)) {
        lines.push(line);
        if (doing) log("INFO", urn, line, true);
      }
    }
    if (rest) lines.push(rest);
  };
  const ended = new Promise<number | null>((resolve, reject) => child.on("error", reject).on("close", resolve));
  const [code] = await Promise.all([ended, read(child.stdout), read(child.stderr)]);
  if (doing) log("INFO", urn, "", true);
  if (code !== 0) throw new Error(`${doing || `docker ${args[0]}`} failed (code ${code}), its last lines:\n${lines.slice(-keptLines).join("\n")}`);
  return lines;
}

async function daemon(urn: string): Promise<void> {
  await docker(urn, ["version", "--format", "{{.Server.Version}}"], process.env, "").catch((error: Error) => {
    throw new Error(
      `the Docker daemon is not reachable (DOCKER_HOST is ${process.env.DOCKER_HOST ?? "not set, so the docker command's default"}): ${error.message}`,
    );
  });
}

const option = (name: string, value?: string) => (value ? [`--${name}`, value] : []);

async function build({ urn, inputs }: Operation): Promise<Properties> {
  const { build, imageName } = inputs;
  await daemon(urn);
  return withCredentials(inputs, async (environment) => {
    const version = build.builderVersion === "BuilderV1" ? "0" : build.builderVersion ? "1" : undefined;
    const args: string[] = [
      "build",
      "--tag",
      imageName,
      "--file",
      build.dockerfile,
      ...option("platform", build.platform),
      ...option("target", build.target),
      ...option("network", build.network),
      ...Object.entries(build.args ?? {}).flatMap(([key, value]) => option("build-arg", `${key}=${value}`)),
      ...(build.addHosts ?? []).flatMap((host: string) => option("add-host", host)),
      ...(build.cacheFrom?.images ?? []).flatMap((image: string) => option("cache-from", image)),
      build.context,
    ];
    await docker(urn, args, version ? { ...environment, DOCKER_BUILDKIT: version } : environment, `the build of ${imageName}`);
    const image = {
      baseImageName: imageName,
      imageName,
      registryServer: server(inputs),
      context: build.context,
      platform: build.platform,
      dockerfile: relative(build.context, build.dockerfile),
    };
    if (inputs.skipPush) return image;
    const pushed = await docker(urn, ["push", imageName], environment, `the push of ${imageName}`);
    const digest = pushed.map((line) => /digest: (sha256:[0-9a-f]{64})/.exec(line)?.[1]).findLast(Boolean);
    if (!digest) throw new Error(`the push of ${imageName} told no digest:\n${pushed.slice(-keptLines).join("\n")}`);
    return { ...image, repoDigest: `${imageName.replace(/:[^/:]*$/, "")}@${digest}` };
  });
}

await serveProvider({
  version: createRequire(import.meta.url)("@pulumi/docker/package.json").version,
  cancel: () => cancellation.abort(),
  unknownSettings: (settings) => Object.keys(settings).filter((name) => !["version", "host"].includes(name)),
  diffSettings: (before, after) => ({ changes: differences(before, after) }),
  configure: async ({ host }) => {
    if (host) process.env.DOCKER_HOST = host;
  },
  async check({ type, inputs }) {
    if (type !== "docker:index/image:Image") throw new Error(`${type}: the stand-in has docker:index/image:Image only`);
    const context = inputs.build?.context ?? ".";
    const dockerfile = inputs.build?.dockerfile ?? join(context, "Dockerfile");
    if (hasUnknown([context, dockerfile])) return inputs;
    if (!existsSync(dockerfile)) throw new Error(`there is no Dockerfile at ${dockerfile} (the path is relative to the program, not to build.context)`);
    const platform = inputs.build?.platform ?? `linux/${process.arch === "x64" ? "amd64" : process.arch}`;
    return { ...inputs, build: { ...inputs.build, context, dockerfile, platform, contextDigest: contextDigest(context, dockerfile) } };
  },
  async diff({ inputs, oldInputs }) {
    const changes = differences(oldInputs, inputs);
    for (const path of ["registry.username", "registry.password"]) changes.delete(path);
    return { changes };
  },
  async create(operation) {
    if (operation.preview && (!operation.inputs.buildOnPreview || hasUnknown(operation.inputs))) return { id: "" };
    return { id: operation.inputs.imageName, state: await build(operation) };
  },
  async update(operation) {
    if (operation.preview && (!operation.inputs.buildOnPreview || hasUnknown(operation.inputs))) return {};
    return { state: await build(operation) };
  },
  read: async ({ oldInputs, state: { __inputs: _, ...state } }) => ({ inputs: oldInputs, state }),
  delete: async () => {},
});
