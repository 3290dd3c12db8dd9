import type { Deployment } from "kubernetes-types/apps/v1.js";
import type { EnvVar } from "kubernetes-types/core/v1.js";
import { environment } from "../../services/contract/environment.ts";
import { image } from "../../services/contract/image.ts";
import { labels, names, portNames } from "../../services/contract/names.ts";
import { ports } from "../../services/contract/ports.ts";
import type { Settings, WorkerSettings } from "../settings.ts";
import { configFiles, inSeconds, workerConf } from "./configMap.ts";
import { configMount, configVolume } from "./configVolume.ts";
import { workerCurve } from "./curveMounts.ts";
import { gracePeriods } from "./gracePeriods.ts";
import { hardenedContainer, hardenedPod } from "./hardening.ts";
import { podAnnotations } from "./podMetadata.ts";
import { workerProbes } from "./probes.ts";
import { processor } from "./processor.ts";
import { pulling } from "./pullSecret.ts";
import { spread } from "./spread.ts";
import { objectMetadata } from "./objectMetadata.ts";
import { workerBounds } from "../settings/workers.ts";

/** Who decides how many there are. It makes an update of the Deployment out of a change of that, whatever the number is at the time. */
const replicasOf = "zeromq-stack/replicas-of";

/** Whether a Deployment as it was declared left its number to an autoscaler. */
export function replicasBelongToAutoscaler(declared: { metadata?: { annotations?: Record<string, unknown> } } | undefined): boolean {
  return declared?.metadata?.annotations?.[replicasOf] === "autoscaler";
}

/** The labels by which the workers of a service are found. */
export function workerLabels({ service }: Pick<WorkerSettings, "service">): Record<string, string> {
  return { [labels.app]: names.workerApp, [labels.service]: service };
}

/** The workers of one service; its place in the list decides the Deployment's name. */
export function workerDeployment(settings: Settings, worker: WorkerSettings, index: number, imageReference: string) {
  const matchLabels = workerLabels(worker);
  const curve = workerCurve(settings);
  const { autoscaling } = settings;
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: objectMetadata({
      name: names.workerDeployment(worker.service, index),
      namespace: settings.namespace,
      labels: matchLabels,
      annotations: { [replicasOf]: autoscaling.enabled ? "autoscaler" : "settings" },
    }),
    spec: {
      // An autoscaler begins with this number, and moves it.
      replicas: autoscaling.enabled ? workerBounds(settings, worker).minReplicas : worker.replicas,
      revisionHistoryLimit: 5,
      progressDeadlineSeconds: settings.rolloutDeadlineSeconds,
      selector: { matchLabels },
      template: {
        metadata: { labels: matchLabels, annotations: podAnnotations(workerConf(settings)) },
        spec: {
          ...hardenedPod,
          ...pulling(settings),
          ...processor(settings),
          terminationGracePeriodSeconds: gracePeriods(settings).podSeconds,
          topologySpreadConstraints: spread(matchLabels),
          containers: [
            {
              name: "worker",
              image: imageReference,
              ports: [{ name: portNames.metrics, containerPort: ports.metrics }],
              env: [...workerEnvironment(settings, worker), ...secretVariables(worker), ...curve.env],
              resources: worker.resources,
              ...workerProbes,
              volumeMounts: [configMount(), ...curve.volumeMounts],
              securityContext: hardenedContainer,
              terminationMessagePolicy: "FallbackToLogsOnError",
            },
          ],
          volumes: [configVolume(configFiles.worker), ...curve.volumes],
        },
      },
    },
  } satisfies Deployment;
}

/** What one service has for itself; `worker.conf` holds what all share. */
function workerEnvironment(settings: Settings, worker: WorkerSettings): EnvVar[] {
  const variables: Record<string, string | undefined> = {
    [environment.configFile.name]: image.workerConfigFile,
    [environment.service.name]: worker.service,
    [environment.handler.name]: worker.handler,
    [environment.metricsPort.name]: String(ports.metrics),
    // Brokers and workers must agree on these, and `worker.conf` has no key for them.
    [environment.heartbeatIntervalSeconds.name]: String(settings.broker.heartbeatIntervalSeconds),
    [environment.heartbeatLiveness.name]: String(settings.broker.heartbeatLiveness),
    [environment.workerTimeoutSeconds.name]: inSeconds(worker.workerTimeoutSeconds),
    [environment.retryAttempts.name]: String(worker.retryAttempts),
    [environment.shutdownGraceSeconds.name]: String(gracePeriods(settings).processSeconds),
    [environment.workerConcurrency.name]: worker.concurrency === undefined ? undefined : String(worker.concurrency),
    ...worker.env,
  };
  return Object.entries(variables).flatMap(([name, value]) => (value === undefined ? [] : [{ name, value }]));
}

function secretVariables({ secrets }: WorkerSettings): EnvVar[] {
  return secrets.map(({ name, secret, key }) => ({ name, valueFrom: { secretKeyRef: { name: secret, key } } }));
}
