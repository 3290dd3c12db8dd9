import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { execa } from "execa";
import { command } from "../services/contract/image.ts";
import { names } from "../services/contract/names.ts";
import { ports } from "../services/contract/ports.ts";
import { Failure } from "./failure.ts";
import { checkout } from "./paths.ts";
import { until } from "./processes.ts";
import type { Outputs } from "./stack.ts";

/** The command that sends standard input through the cluster, as a reader can type it. */
export function requestCommand({ namespace, kubeContext, activeColor }: Outputs, service: string): string[] {
  const deployment = `deployment/${names.brokerDeployment(activeColor as "blue" | "green")}`;
  const address = `tcp://${names.brokerService}:${ports.frontend}`;
  const client = command("client", "request", "--address", address, "--service", service);
  return ["kubectl", "--context", kubeContext, "--namespace", namespace, "exec", "-i", deployment, "--", ...client];
}

/**
 * Has this project's README compressed by a worker behind the Service, and compares what comes back with the original.
 * Asked again for a while: after a machine's restart the API server knows only later than the kubelet that pods begin anew.
 */
export async function demonstrate(outputs: Outputs, env: Readonly<Record<string, string>>): Promise<string> {
  const file = "README.md";
  const original = readFileSync(join(checkout, file));
  const [program, ...args] = requestCommand(outputs, "gzip");
  let reply = Buffer.alloc(0);
  let reason = "";
  const answered = await until(async () => {
    const result = await execa(program!, args, { env, input: original, encoding: "buffer", reject: false, timeout: 60_000 });
    reply = Buffer.from(result.stdout ?? []);
    reason =
      Buffer.from(result.stderr ?? [])
        .toString()
        .trim() ||
      (result.shortMessage ?? "");
    return !result.failed;
  }, 90_000);
  const todo = `Try it by hand: ${[program, ...args].join(" ")} < ${file} | gunzip`;
  if (!answered) throw new Failure(`the request was not answered: ${reason}`, { todo });
  if (!gunzipSync(reply).equals(original)) throw new Failure("the answer is not the compressed original", { todo });
  return `${file}: ${original.length} bytes sent, ${reply.length} bytes of gzip back, equal to the original when unpacked`;
}
