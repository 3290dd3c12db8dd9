import type { Deployment } from "kubernetes-types/apps/v1.js";
import type { EnvVar } from "kubernetes-types/core/v1.js";
import { environment } from "../../services/contract/environment.ts";
import { image } from "../../services/contract/image.ts";
import { type Color, labels, names, portNames } from "../../services/contract/names.ts";
import { ports } from "../../services/contract/ports.ts";
import type { Settings } from "../settings.ts";
import { boundVariables } from "../settings/brokerBounds.ts";
import { activeColorMount, activeColorVolume } from "./activeColor.ts";
import { brokerConf, configFiles } from "./configMap.ts";
import { configMount, configVolume } from "./configVolume.ts";
import { brokerCurve } from "./curveMounts.ts";
import { gracePeriods } from "./gracePeriods.ts";
import { hardenedContainer, hardenedPod } from "./hardening.ts";
import { podAnnotations } from "./podMetadata.ts";
import { brokerPriorityClass } from "./priority.ts";
import { brokerProbes } from "./probes.ts";
import { processor } from "./processor.ts";
import { pulling } from "./pullSecret.ts";
import { spread } from "./spread.ts";
import { objectMetadata } from "./objectMetadata.ts";

/** The labels by which Services and people find the brokers of a colour. */
export function brokerLabels(color: Color): Record<string, string> {
  return { [labels.app]: names.brokerApp, [labels.version]: color };
}

/** How many brokers a colour has once an update is through. */
export function brokerReplicas({ broker, activeColor, standbyReplicas }: Settings, color: Color): number {
  return color === activeColor ? broker.replicas : standbyReplicas;
}

/**
 * The colour that is not active is not waited for: it serves nobody, so one that does not start must not keep an update from
 * what does. A switch waits for it, and checks it.
 */
const notAwaited = { "pulumi.com/skipAwait": "true" };

/** The brokers of a colour. */
export function brokerDeployment(settings: Settings, color: Color, imageReference: string) {
  const { broker } = settings;
  const matchLabels = brokerLabels(color);
  const curve = brokerCurve(settings);
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: objectMetadata({
      name: names.brokerDeployment(color),
      namespace: settings.namespace,
      labels: matchLabels,
      ...(color !== settings.activeColor && { annotations: notAwaited }),
    }),
    spec: {
      replicas: brokerReplicas(settings, color),
      revisionHistoryLimit: 5,
      progressDeadlineSeconds: settings.rolloutDeadlineSeconds,
      // Never fewer than promised: what a broker holds has no copy.
      strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      selector: { matchLabels },
      template: {
        metadata: { labels: matchLabels, annotations: { ...podAnnotations(brokerConf(settings)), ...restarted(settings) } },
        spec: {
          ...hardenedPod,
          ...pulling(settings),
          ...processor(settings),
          ...(broker.priority !== undefined && { priorityClassName: brokerPriorityClass(settings, broker.priority) }),
          terminationGracePeriodSeconds: gracePeriods(settings).podSeconds,
          topologySpreadConstraints: spread(matchLabels),
          containers: [
            {
              name: "broker",
              image: imageReference,
              ports: [
                { name: portNames.frontend, containerPort: ports.frontend },
                { name: portNames.backend, containerPort: ports.backend },
                { name: portNames.metrics, containerPort: ports.metrics },
              ],
              env: [...brokerEnvironment(settings, color), ...curve.env],
              resources: broker.resources,
              ...brokerProbes,
              volumeMounts: [configMount(), activeColorMount, ...curve.volumeMounts],
              securityContext: hardenedContainer,
              terminationMessagePolicy: "FallbackToLogsOnError",
            },
          ],
          volumes: [configVolume(configFiles.broker), activeColorVolume, ...curve.volumes],
        },
      },
    },
  } satisfies Deployment;
}

/** Another number here replaces the pods; what their key files say is not, since they read those while they run. */
function restarted({ curve }: Settings): Record<string, string> {
  return curve.restarts === 0 ? {} : { "zeromq-stack/restarts": String(curve.restarts) };
}

/** What `broker.conf` has no key for. */
function brokerEnvironment(settings: Settings, color: Color): EnvVar[] {
  const { broker } = settings;
  return [
    { name: environment.configFile.name, value: image.brokerConfigFile },
    { name: environment.color.name, value: color },
    { name: environment.metricsPort.name, value: String(ports.metrics) },
    { name: environment.receiveTimeoutMs.name, value: String(broker.receiveTimeoutMs) },
    { name: environment.sendTimeoutMs.name, value: String(broker.sendTimeoutMs) },
    { name: environment.maxQueuedRequests.name, value: String(broker.maxQueuedRequests) },
    ...Object.entries(broker.bounds).map(([key, value]) => ({ name: boundVariables[key]!, value: String(value) })),
    { name: environment.longestRequestSeconds.name, value: String(settings.longestRequestSeconds) },
    { name: environment.plainWorkerTimeoutSeconds.name, value: String(settings.longestRequestSeconds) },
    { name: environment.plainClientDelaySeconds.name, value: String(settings.scaleDownDelaySeconds) },
    { name: environment.activeColorFile.name, value: image.activeColorFile },
    { name: environment.maxDeliveries.name, value: String(broker.maxDeliveries) },
    { name: environment.shutdownGraceSeconds.name, value: String(gracePeriods(settings).processSeconds) },
  ];
}
