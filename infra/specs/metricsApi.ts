import type { Deployment } from "kubernetes-types/apps/v1.js";
import type { Secret, Service, ServiceAccount, Volume } from "kubernetes-types/core/v1.js";
import { labels } from "../../services/contract/names.ts";
import { metricsApiNames } from "../../monitoring/names.ts";
import type { ServingCertificate } from "../keys/servingCertificate.ts";
import { imageReference } from "../settings/imageReference.ts";
import type { Settings } from "../settings.ts";
import { hardenedContainer, hardenedPod } from "./hardening.ts";
import { objectMetadata } from "./objectMetadata.ts";
import { pulling } from "./pullSecret.ts";

export type MetricsApiPart = keyof typeof metricsApiNames;

/** What tells one server of a metrics API from the other. */
export interface MetricsApi {
  readonly part: MetricsApiPart;
  /** The API that it adds to the cluster's, `group` at `v1beta1`. */
  readonly group: string;
  readonly port: number;
  readonly args: readonly string[];
  readonly annotations: Record<string, string>;
  /** What it reads besides its certificate. */
  readonly files: readonly (Pick<Volume, "name" | "configMap"> & { readonly path: string })[];
}

const version = "v1beta1";
const certificatePath = "/etc/serving-certificate";
const portName = "https";

export function metricsApiLabels(part: MetricsApiPart): Record<string, string> {
  return { [labels.app]: metricsApiNames[part] };
}

export function metricsApiMetadata(part: MetricsApiPart, { namespace }: Pick<Settings, "namespace">) {
  return objectMetadata({ name: metricsApiNames[part], namespace, labels: metricsApiLabels(part) });
}

/** The name by which the API server reaches it; its certificate is for this one. */
export function metricsApiHost(part: MetricsApiPart, { namespace }: Pick<Settings, "namespace">): string {
  return `${metricsApiNames[part]}.${namespace}.svc`;
}

export function metricsApiAccount(part: MetricsApiPart, settings: Settings): ServiceAccount {
  return { apiVersion: "v1", kind: "ServiceAccount", metadata: metricsApiMetadata(part, settings), automountServiceAccountToken: false };
}

export function metricsApiSecret(part: MetricsApiPart, settings: Settings, { certificate, privateKey }: ServingCertificate): Secret {
  return {
    apiVersion: "v1",
    kind: "Secret",
    type: "kubernetes.io/tls",
    metadata: metricsApiMetadata(part, settings),
    stringData: { "tls.crt": certificate, "tls.key": privateKey },
  };
}

export function metricsApiService(part: MetricsApiPart, settings: Settings): Service {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: metricsApiMetadata(part, settings),
    spec: { type: "ClusterIP", selector: metricsApiLabels(part), ports: [{ name: portName, port: 443, targetPort: portName }] },
  };
}

/** Makes the API part of the cluster's; an update waits until it answers. `authorities` is PEM in base64. */
export function apiService({ part, group }: Pick<MetricsApi, "part" | "group">, { namespace }: Settings, authorities: string) {
  return {
    apiVersion: "apiregistration.k8s.io/v1" as const,
    kind: "APIService" as const,
    metadata: objectMetadata({ name: apiServiceName(group), labels: metricsApiLabels(part), annotations: { "pulumi.com/waitFor": "condition=Available" } }),
    spec: {
      group,
      version,
      groupPriorityMinimum: 100,
      versionPriority: 100,
      caBundle: authorities,
      service: { name: metricsApiNames[part], namespace, port: 443 },
    },
  };
}

export function apiServiceName(group: string): string {
  return `${version}.${group}`;
}

/** One pod: while it is away, autoscaling moves nothing. */
export function metricsApiDeployment({ part, port, args, annotations, files }: MetricsApi, settings: Settings) {
  const { image, resources } = settings.autoscaling[part];
  const name = metricsApiNames[part];
  const probe = (path: string) => ({ httpGet: { path, port: portName, scheme: "HTTPS" }, periodSeconds: 10, timeoutSeconds: 5 });
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: metricsApiMetadata(part, settings),
    spec: {
      replicas: 1,
      revisionHistoryLimit: 5,
      progressDeadlineSeconds: settings.rolloutDeadlineSeconds,
      selector: { matchLabels: metricsApiLabels(part) },
      template: {
        metadata: { labels: metricsApiLabels(part), annotations },
        spec: {
          ...hardenedPod,
          ...pulling(settings),
          serviceAccountName: name,
          automountServiceAccountToken: true,
          // The key belongs to root, and to whom the process runs as.
          securityContext: { ...hardenedPod.securityContext, fsGroup: hardenedPod.securityContext.runAsGroup },
          containers: [
            {
              name,
              image: imageReference(settings, image),
              ports: [{ name: portName, containerPort: port }],
              args: [`--secure-port=${port}`, `--tls-cert-file=${certificatePath}/tls.crt`, `--tls-private-key-file=${certificatePath}/tls.key`, ...args],
              volumeMounts: [
                { name: "serving-certificate", mountPath: certificatePath, readOnly: true },
                ...files.map(({ name: of, path }) => ({ name: of, mountPath: path, readOnly: true })),
              ],
              resources,
              startupProbe: { ...probe("/readyz"), periodSeconds: 2, failureThreshold: 90 },
              livenessProbe: { ...probe("/livez"), failureThreshold: 3 },
              readinessProbe: { ...probe("/readyz"), failureThreshold: 3 },
              securityContext: hardenedContainer,
              terminationMessagePolicy: "FallbackToLogsOnError",
            },
          ],
          volumes: [{ name: "serving-certificate", secret: { secretName: name, defaultMode: 0o440 } }, ...files.map(({ path: _, ...volume }) => volume)],
        },
      },
    },
  } satisfies Deployment;
}
