// Part of the stand-in for Pulumi's Kubernetes plugin. Waits until an object is ready, or gone, by asking once a second.

import { setTimeout } from "node:timers/promises";
import type { Properties } from "../property-values.ts";
import type { Cluster } from "./cluster.ts";
import { isAwaited, needsEndpoints, podTrouble, readiness } from "./readiness.ts";

export interface Patience {
  timeoutSeconds: number;
  cancelled: AbortSignal;
  report(message: string): unknown;
}

const settleSeconds = 10; // the genuine plugin's wait for stragglers after each change of a Service's endpoints

const labels = (selector: Properties) =>
  encodeURIComponent(
    Object.entries(selector)
      .map(([key, value]) => `${key}=${value}`)
      .join(","),
  );

async function endpoints(cluster: Cluster, { metadata }: Properties): Promise<Properties[]> {
  const slices = await cluster
    .list(`/apis/discovery.k8s.io/v1/namespaces/${metadata.namespace}/endpointslices?labelSelector=${labels({ "kubernetes.io/service-name": metadata.name })}`)
    .catch(() => []);
  return slices.flatMap((slice) => slice.endpoints ?? []);
}

async function pods(cluster: Cluster, { spec, metadata }: Properties): Promise<string[]> {
  const selector = spec?.selector?.matchLabels;
  if (!selector) return [];
  const found = await cluster.list(`/api/v1/namespaces/${metadata.namespace}/pods?labelSelector=${labels(selector)}`).catch(() => []);
  return found.flatMap(podTrouble);
}

/** One look: undefined if the object is ready, else what is missing. */
export async function missing(cluster: Cluster, live: Properties): Promise<string | undefined> {
  if (!isAwaited(live)) return undefined;
  const found = readiness(live, needsEndpoints(live) ? (await endpoints(cluster, live)).length : 0);
  return found.ready ? undefined : [found.message, ...(await pods(cluster, live))].join("\n");
}

export async function awaitReady(cluster: Cluster, object: Properties, patience: Patience): Promise<{ live: Properties; trouble?: string }> {
  let live = object;
  if (!isAwaited(object)) return { live };
  const deadline = Date.now() + patience.timeoutSeconds * 1000;
  for (let settled = { targets: "", since: 0 }; ; await setTimeout(1000, undefined, { signal: patience.cancelled }).catch(() => {})) {
    live = (await cluster.get(object).catch(() => live)) ?? live;
    const targets = needsEndpoints(live) ? await endpoints(cluster, live) : [];
    if (JSON.stringify(targets) !== settled.targets) settled = { targets: JSON.stringify(targets), since: Date.now() };
    const { ready, failed, message } = readiness(live, targets.length);
    const done = ready && (!needsEndpoints(live) || Date.now() - settled.since >= settleSeconds * 1000);
    patience.report(done ? "" : message.split("\n")[0] || "waiting");
    if (done) return { live };
    if (failed || patience.cancelled.aborted || Date.now() > deadline) {
      const reason = failed
        ? "failed"
        : patience.cancelled.aborted
          ? "was still not ready when the update was cancelled"
          : `was not ready within ${patience.timeoutSeconds} s`;
      return { live, trouble: [`${live.kind} ${live.metadata.name} ${reason}:`, message, ...(await pods(cluster, live))].join("\n") };
    }
  }
}

export async function awaitGone(cluster: Cluster, object: Properties, patience: Patience): Promise<void> {
  const deadline = Date.now() + patience.timeoutSeconds * 1000;
  for (
    let live: Properties | undefined;
    (live = await cluster.get(object))?.metadata.uid === object.metadata.uid;
    await setTimeout(1000, undefined, { signal: patience.cancelled })
  ) {
    if (Date.now() > deadline)
      throw new Error(
        `${object.kind} ${object.metadata.name} was not gone within ${patience.timeoutSeconds} s; finalizers: ${live?.metadata.finalizers?.join(", ") ?? "none"}`,
      );
    patience.report(`waiting for ${object.metadata.name} to be gone`);
  }
}
