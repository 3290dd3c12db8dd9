// Part of the stand-in for `pulumi-language-nodejs`: runs a policy pack with the npm package's own runner, and hands the engine
// what it prints, its port first.

import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import messages from "@pulumi/pulumi/proto/language_pb.js";

export function runPolicyPack(call: any): void {
  const { request } = call;
  if (request.getKind() !== "analyzer") {
    call.emit("error", { code: 12, details: `the stand-in runs policy packs, no plugins of kind ${request.getKind()}` });
    return;
  }
  const directory = request.getInfo()?.getProgramDirectory() || request.getProgram();
  const runner = createRequire(join(directory, "main.js")).resolve("@pulumi/pulumi/cmd/run-policy-pack/index.js");
  const child = spawn(process.execPath, [runner, ...request.getArgsList(), "."], {
    cwd: directory,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...Object.fromEntries(request.getEnvList().map((line: string) => line.split(/=(.*)/s).slice(0, 2))) },
  });
  child.stdout.on("data", (chunk: Buffer) => call.write(new messages.RunPluginResponse().setStdout(chunk)));
  child.stderr.on("data", (chunk: Buffer) => call.write(new messages.RunPluginResponse().setStderr(chunk)));
  child.on("error", (error) => call.emit("error", { code: 2, details: error.message }));
  child.on("close", (code) => {
    call.write(new messages.RunPluginResponse().setExitcode(code ?? 1));
    call.end();
  });
  call.on("cancelled", () => child.kill());
}
