// Part of the stand-in for Pulumi's Kubernetes plugin. When an object counts as done, and what to tell when it does not.

import type { Properties } from "../property-values.ts";

export interface Readiness {
  ready: boolean;
  /** It will never be ready: waiting longer is of no use. */
  failed?: boolean;
  message: string;
}

const condition = (live: Properties, type: string): Properties => live.status?.conditions?.find((found: Properties) => found.type === type) ?? {};

const told = (...conditions: Properties[]) =>
  conditions.filter(({ message, status }) => message && status !== "True").map(({ reason, message }) => `[${reason}] ${message}`);

const state = (ready: boolean, ...messages: string[]): Readiness => ({ ready, message: messages.filter(Boolean).join("\n") });

const rules: Record<string, (live: Properties, endpoints: number) => Readiness> = {
  Deployment: ({ spec, status = {}, ...live }) => {
    const [progressing, available] = [condition({ status }, "Progressing"), condition({ status }, "Available")];
    const wanted = spec.replicas ?? 1;
    const { updatedReplicas = 0, readyReplicas = 0, replicas = 0 } = status;
    return state(
      status.observedGeneration >= live.metadata.generation &&
        available.status === "True" &&
        progressing.status === "True" &&
        progressing.reason === "NewReplicaSetAvailable" &&
        updatedReplicas >= wanted &&
        readyReplicas >= wanted &&
        replicas <= updatedReplicas,
      `${updatedReplicas} of ${wanted} replicas updated, ${readyReplicas} ready, ${replicas - updatedReplicas} of an older version left`,
      ...told(progressing, available),
    );
  },
  StatefulSet: ({ spec, status = {}, metadata }) => {
    const wanted = spec.replicas ?? 1;
    const rolled = spec.updateStrategy?.type === "OnDelete" || status.currentRevision === status.updateRevision;
    return state(
      status.observedGeneration >= metadata.generation && (status.readyReplicas ?? 0) >= wanted && rolled,
      `${status.readyReplicas ?? 0} of ${wanted} replicas ready${rolled ? "" : ", the update is rolling"}`,
    );
  },
  DaemonSet: ({ status = {}, metadata }) => {
    const { desiredNumberScheduled: wanted = 0, updatedNumberScheduled: updated = 0, numberReady = 0 } = status;
    return state(
      status.observedGeneration >= metadata.generation && updated >= wanted && numberReady >= wanted,
      `${updated} of ${wanted} pods updated, ${numberReady} ready`,
    );
  },
  Job: (live) => {
    const failure = condition(live, "Failed");
    return {
      ...state(
        condition(live, "Complete").status === "True",
        `Job has ${live.status?.active ?? 0} active, ${live.status?.succeeded ?? 0} succeeded, ${live.status?.failed ?? 0} failed pods`,
        failure.status === "True" ? `[${failure.reason}] ${failure.message}` : "",
      ),
      failed: failure.status === "True",
    };
  },
  Pod: (live) => state(live.status?.phase === "Succeeded" || condition(live, "Ready").status === "True", ...told(condition(live, "Ready"))),
  Service: (live, endpoints) => {
    const addressed = live.spec.type !== "LoadBalancer" || live.status?.loadBalancer?.ingress?.length > 0;
    const targeted = endpoints > 0 || !needsEndpoints(live);
    return state(
      addressed && targeted,
      targeted ? "" : "Service does not target any Pods. Selected Pods may not be ready, or field '.spec.selector' may not match labels on any Pods",
      addressed ? "" : "Service was not allocated an IP address; does your cloud provider support this?",
    );
  },
  CustomResourceDefinition: (live) => state(condition(live, "Established").status === "True", ...told(condition(live, "Established"))),
};

/** What an object's annotation `pulumi.com/waitFor` may say here: a condition of its status, true where no value is given. */
export const waitForForm = /^condition=([\w.-]+)(?:=(\w+))?$/;

const waitFor = ({ metadata }: Properties): RegExpExecArray | null => waitForForm.exec(metadata?.annotations?.["pulumi.com/waitFor"] ?? "");

export const isAwaited = (object: Properties): boolean =>
  waitFor(object) !== null || (object.kind in rules && /^(v1|(apps|batch|apiextensions\.k8s\.io)\/v1)$/.test(object.apiVersion));

export const needsEndpoints = ({ kind, spec }: Properties): boolean =>
  kind === "Service" && spec.type !== "ExternalName" && spec.clusterIP !== "None" && Object.keys(spec.selector ?? {}).length > 0;

export function readiness(live: Properties, endpoints = 0): Readiness {
  const [, type, value = "True"] = waitFor(live) ?? [];
  if (type === undefined) return isAwaited(live) ? rules[live.kind]!(live, endpoints) : { ready: true, message: "" };
  const found = condition(live, type);
  return state(found.status === value, `waiting for its condition ${type}`, ...told(found));
}

/** Why a pod is not ready, with the last words of its containers. */
export function podTrouble(pod: Properties): string[] {
  const statuses: Properties[] = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
  const scheduled = condition(pod, "PodScheduled");
  return [
    ...(scheduled.status === "False" ? [`${scheduled.reason}: ${scheduled.message}`] : []),
    ...statuses.flatMap(({ name, state = {}, lastState = {}, restartCount }) => {
      const { waiting, terminated = lastState.terminated } = state;
      return [
        ...(waiting && !["ContainerCreating", "PodInitializing"].includes(waiting.reason)
          ? [`container ${name} is waiting: ${waiting.reason}${waiting.message ? `: ${waiting.message}` : ""}`]
          : []),
        ...(terminated && terminated.exitCode !== 0
          ? [
              `container ${name} ended with code ${terminated.exitCode} (${terminated.reason}, ${restartCount ?? 0} restarts)${terminated.message ? `: ${terminated.message.trim()}` : ""}`,
            ]
          : []),
      ];
    }),
  ].map((line) => `Pod ${pod.metadata.name}: ${line}`);
}
