import type { StatefulSet } from "kubernetes-types/apps/v1.js";
import type { Container, PodSpec, Probe, Service, Volume } from "kubernetes-types/core/v1.js";
import { image } from "../../services/contract/image.ts";
import { labels } from "../../services/contract/names.ts";
import { monitoringNames, monitoringPorts } from "../../monitoring/names.ts";
import type { Settings } from "../settings.ts";
import { dataMount, dataVolume } from "./dataVolume.ts";
import { imageReference } from "../settings/imageReference.ts";
import { hardenedContainer, hardenedPod } from "./hardening.ts";
import { processor } from "./processor.ts";
import { pulling } from "./pullSecret.ts";
import { objectMetadata } from "./objectMetadata.ts";

export type Part = keyof typeof monitoringNames;

/** The labels of a part's one pod. */
export function monitoringLabels(part: Part): Record<string, string> {
  return { [labels.app]: monitoringNames[part] };
}

export function monitoringMetadata(part: Part, { namespace }: Pick<Settings, "namespace">) {
  return objectMetadata({ name: monitoringNames[part], namespace, labels: monitoringLabels(part) });
}

/** Where the others find it; nobody outside of the cluster does. */
export function monitoringService(part: Part, settings: Settings): Service {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: monitoringMetadata(part, settings),
    spec: { type: "ClusterIP", selector: monitoringLabels(part), ports: [{ name: "http", port: monitoringPorts[part], targetPort: "http" }] },
  };
}

/** Something to read, or `emptyDir`: a place to write what nobody keeps. */
interface Files extends Pick<Volume, "configMap" | "secret" | "emptyDir"> {
  readonly name: string;
  readonly path: string;
}

interface Pod {
  readonly reference: string;
  readonly resources: Settings["prometheus"]["resources"];
  readonly volume: Settings["prometheus"]["volume"];
  readonly annotations: Record<string, string>;
  readonly container: Pick<Container, "args" | "env">;
  readonly pod?: Pick<PodSpec, "serviceAccountName" | "automountServiceAccountToken" | "terminationGracePeriodSeconds">;
  /** Where its data is, and what it reads beside it. */
  readonly dataPath: string;
  readonly files: readonly Files[];
  readonly healthy: string;
  readonly ready: string;
}

/** One pod with a volume, hardened as the stack's own are. */
export function monitoringStatefulSet(
  part: Part,
  settings: Settings,
  { reference, resources, volume, annotations, container, pod, dataPath, files, healthy, ready }: Pod,
) {
  const name = monitoringNames[part];
  const { volumes, volumeClaimTemplates } = dataVolume(volume);
  const probe = (path: string, rest: Pick<Probe, "periodSeconds" | "failureThreshold">) => ({ httpGet: { path, port: "http" }, timeoutSeconds: 5, ...rest });
  return {
    apiVersion: "apps/v1",
    kind: "StatefulSet",
    metadata: monitoringMetadata(part, settings),
    spec: {
      replicas: 1,
      serviceName: name,
      revisionHistoryLimit: 5,
      selector: { matchLabels: monitoringLabels(part) },
      template: {
        metadata: { labels: monitoringLabels(part), annotations },
        spec: {
          ...hardenedPod,
          ...pulling(settings),
          // A backup reads the volume at this node, by an image of ours.
          ...processor(settings),
          ...pod,
          // The volume belongs to whom the process runs as.
          securityContext: { ...hardenedPod.securityContext, fsGroup: image.userId },
          containers: [
            {
              name,
              image: imageReference(settings, reference),
              ports: [{ name: "http", containerPort: monitoringPorts[part] }],
              ...container,
              volumeMounts: [
                ...files.map(({ name: of, path, emptyDir }) => ({ name: of, mountPath: path, readOnly: emptyDir === undefined })),
                dataMount(dataPath),
              ],
              resources,
              // Reading what was written before the last end takes minutes where it is much.
              startupProbe: probe(ready, { periodSeconds: 5, failureThreshold: 120 }),
              livenessProbe: probe(healthy, { periodSeconds: 15, failureThreshold: 4 }),
              readinessProbe: probe(ready, { periodSeconds: 5, failureThreshold: 3 }),
              securityContext: hardenedContainer,
              terminationMessagePolicy: "FallbackToLogsOnError",
            },
          ],
          volumes: [...files.map(({ path: _, ...volume }) => volume), ...volumes],
        },
      },
      ...(volumeClaimTemplates.length > 0 && { volumeClaimTemplates }),
    },
  } satisfies StatefulSet;
}
