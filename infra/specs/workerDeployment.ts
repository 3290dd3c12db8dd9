import type { Deployment } from "kubernetes-types/apps/v1.js";
import type { EnvVar } from "kubernetes-types/core/v1.js";
import { environment } from "../../services/contract/environment.ts";
import { image } from "../../services/contract/image.ts";
import { labels, names, portNames } from "../../services/contract/names.ts";
import { ports } from "../../services/contract/ports.ts";
import type { Settings, WorkerSettings } from "../settings.ts";
import { configFiles, inSeconds, workerConf } from "./configMap.ts";
import { configMount, configVolume } from "./configVolume.ts";
import { gracePeriods } from "./gracePeriods.ts";
import { hardenedContainer, hardenedPod } from "./hardening.ts";
import { podAnnotations } from "./podMetadata.ts";
import { workerProbes } from "./probes.ts";
import { spread } from "./spread.ts";
import { objectMetadata } from "./objectMetadata.ts";

/** The workers of one service; its place in the list decides the Deployment's name. */
export function workerDeployment(settings: Settings, worker: WorkerSettings, index: number, imageReference: string) {
  const matchLabels = { [labels.app]: names.workerApp, [labels.service]: worker.service };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: objectMetadata({ name: names.workerDeployment(worker.service, index), namespace: settings.namespace, labels: matchLabels }),
    spec: {
      replicas: worker.replicas,
      revisionHistoryLimit: 5,
      progressDeadlineSeconds: settings.rolloutDeadlineSeconds,
      selector: { matchLabels },
      template: {
        metadata: { labels: matchLabels, annotations: podAnnotations(workerConf()) },
        spec: {
          ...hardenedPod,
          terminationGracePeriodSeconds: gracePeriods(settings).podSeconds,
          topologySpreadConstraints: spread(matchLabels),
          containers: [{
            name: "worker",
            image: imageReference,
            ports: [{ name: portNames.metrics, containerPort: ports.metrics }],
            env: workerEnvironment(settings, worker),
            resources: worker.resources,
            ...workerProbes,
            volumeMounts: [configMount()],
            securityContext: hardenedContainer,
            terminationMessagePolicy: "FallbackToLogsOnError",
          }],
          volumes: [configVolume(configFiles.worker)],
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
    ...worker.env,
  };
  return Object.entries(variables).flatMap(([name, value]) => (value === undefined ? [] : [{ name, value }]));
}
