import { readdirSync, readFileSync } from "node:fs";
import type { Found } from "../../services/client/every-broker.ts";
import { command, image } from "../../services/contract/image.ts";
import { type Color, names } from "../../services/contract/names.ts";
import { ports } from "../../services/contract/ports.ts";
import type { TestStack } from "./stack.ts";

/** What every broker says of itself, asked from inside of a pod that has our command line. */
export async function brokersOf(stack: TestStack, pod: string): Promise<NonNullable<Found["status"]>[]> {
  const ask = command("client", "status", "--each", "--json", "--address", `tcp://${names.headlessService}:${ports.frontend}`);
  const { stdout, exitCode, text } = await stack.kubectl(["exec", pod, "--", ...ask]);
  if (exitCode !== 0) throw new Error(text);
  return (JSON.parse(stdout.toString()) as Found[]).flatMap(({ status }) => (status === undefined ? [] : [status]));
}

/** The colour that each of the Services for clients selects. */
export async function selected(stack: TestStack): Promise<Color[]> {
  const services = await stack.list("services");
  return [names.brokerService, names.publicService].map((name) => services.find(({ metadata }) => metadata.name === name).spec.selector.version as Color);
}

/** Ends a pod's program as a crash does: SIGKILL from the machine, since nobody in a container can send it to its first process. */
export function crash(pod: string): void {
  signal(pod, "SIGKILL");
}

/** Stops a pod's program where it is, as if its machine had frozen; the kubelet ends it when it has asked in vain. */
export function freeze(pod: string): void {
  signal(pod, "SIGSTOP");
}

function signal(pod: string, name: "SIGKILL" | "SIGSTOP"): void {
  const found = readdirSync("/proc").filter((pid) => /^\d+$/.test(pid) && isProgramOf(pid, pod));
  if (found.length === 0) throw new Error(`no process of ${pod} is to be seen on this machine`);
  for (const pid of found) process.kill(Number(pid), name);
}

function isProgramOf(pid: string, pod: string): boolean {
  try {
    const started = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
    return started[0] === image.node && readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(`HOSTNAME=${pod}`);
  } catch {
    return false; // it has ended meanwhile
  }
}

/** Evicts pods as `kubectl drain` does, again and again while a budget forbids it. @returns how often it was forbidden */
export async function evict(stack: TestStack, pods: readonly string[]): Promise<number> {
  let forbidden = 0;
  for (const pod of pods) {
    const eviction = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name: pod, namespace: stack.namespace } };
    const path = `/api/v1/namespaces/${stack.namespace}/pods/${pod}/eviction`;
    for (;;) {
      const { exitCode, text } = await stack.kubectl(["create", "--raw", path, "-f", "-"], Buffer.from(JSON.stringify(eviction)));
      if (exitCode === 0) break;
      if (!text.includes("disruption budget")) throw new Error(text);
      forbidden += 1;
    }
  }
  return forbidden;
}
