import { execa } from "execa";
import type { StatefulSet } from "kubernetes-types/apps/v1.js";
import { output, Refusal } from "../command.ts";
import type { Outputs } from "../stack.ts";

/** Where a stack's objects are. */
export type Place = Pick<Outputs, "kubeContext" | "namespace">;

export function kubectl({ kubeContext, namespace }: Place, args: readonly string[], input?: string): Promise<string> {
  return output("kubectl", ["--context", kubeContext, "--namespace", namespace, ...args], input);
}

/** One that has a pod of its own, with a volume. */
export async function statefulSet(place: Place, name: string): Promise<StatefulSet | undefined> {
  const found = await kubectl(place, ["get", "statefulset", name, "--ignore-not-found", "-o", "json"]);
  return found === "" ? undefined : (JSON.parse(found) as StatefulSet);
}

const readySeconds = 900;

/** Waits until its pod is ready: who has just been made or restored may take minutes to read its data. */
export async function settled(place: Place, name: string): Promise<void> {
  await kubectl(place, ["rollout", "status", `statefulset/${name}`, `--timeout=${readySeconds}s`]).catch((error: Error) => {
    throw new Refusal(`${name} is not ready (${error.message}): kubectl describe pod ${name}-0 --namespace ${place.namespace}`);
  });
}

/** Gives a pod's port an address on this machine, as `kubectl port-forward` does, for as long as it is used. */
export async function forwarded<Result>(
  { kubeContext, namespace }: Place,
  pod: string,
  port: number,
  use: (address: string) => Promise<Result>,
): Promise<Result> {
  const args = ["--context", kubeContext, "--namespace", namespace, "port-forward", "--address", "127.0.0.1", `pod/${pod}`, `:${port}`];
  const child = execa("kubectl", args, { stdin: "ignore", reject: false });
  let said = "";
  try {
    const address = await new Promise<string>((found, failed) => {
      child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
      child.stdout.on("data", (chunk: Buffer) => {
        const local = /Forwarding from 127\.0\.0\.1:(\d+)/.exec(chunk.toString())?.[1];
        if (local !== undefined) found(`http://127.0.0.1:${local}`);
      });
      void child.then(() => failed(new Refusal(`no way to the pod ${pod}: ${said.trim()}`)));
    });
    return await use(address);
  } catch (error) {
    // What `fetch` says of a connection that broke is in its cause.
    throw error instanceof TypeError
      ? new Refusal(`the way to the pod ${pod} broke: ${String((error.cause as Error | undefined)?.message ?? error.message)} ${said.trim()}`.trim())
      : error;
  } finally {
    child.kill();
    await child;
  }
}

/** An answer that is as it should be. @throws Refusal with what was answered */
export async function asked(url: string, options: RequestInit = {}): Promise<Response> {
  const answer = await fetch(url, options);
  if (!answer.ok) throw new Refusal(`${options.method ?? "GET"} ${new URL(url).pathname}: ${answer.status} ${(await answer.text()).slice(0, 500)}`);
  return answer;
}
