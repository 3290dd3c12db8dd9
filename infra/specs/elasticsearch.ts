import type { StatefulSet } from "kubernetes-types/apps/v1.js";
import type { ConfigMap, Secret } from "kubernetes-types/core/v1.js";
import {
  elasticsearchConfiguration,
  elasticsearchLogging,
  elasticsearchPaths,
  elasticsearchRoles,
  type ElasticsearchUser,
  elasticsearchUsers,
  rolesOfUsersFile,
} from "../../monitoring/elasticsearch/configuration.ts";
import { loggingNames, loggingPorts } from "../../monitoring/names.ts";
import { yaml } from "../../monitoring/yaml.ts";
import type { Settings } from "../settings.ts";
import { imageReference } from "../settings/imageReference.ts";
import { memoryMebibytes } from "../settings/resources.ts";
import { configAnnotation } from "./configVolume.ts";
import { dataMount, dataVolume } from "./dataVolume.ts";
import { elasticContainer, elasticPod, loggingLabels, loggingMetadata } from "./loggingPod.ts";
import { pulling } from "./pullSecret.ts";

const name = loggingNames.elasticsearch;
const files = ["elasticsearch.yml", "log4j2.properties", "roles.yml"] as const;
const userFiles = ["users", "users_roles"] as const;

/** The key of a user's password in the Secret. */
export const passwordKey = (user: ElasticsearchUser): string => `${elasticsearchUsers[user].name}-password`;

function configuration({ logging }: Settings): Record<(typeof files)[number], string> {
  return {
    "elasticsearch.yml": yaml(elasticsearchConfiguration(logging.elasticsearch.distribution)),
    "log4j2.properties": elasticsearchLogging,
    "roles.yml": yaml(elasticsearchRoles),
  };
}

export function elasticsearchConfigMap(settings: Settings): ConfigMap {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: loggingMetadata("elasticsearch", settings), data: configuration(settings) };
}

/** Who may log in: the hashes for Elasticsearch, the passwords for whoever uses them. Filebeat's lies in its own namespace. */
export function elasticsearchSecret(settings: Settings, users: string, passwords: Readonly<Record<"admin" | "kibana", string>>) {
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: loggingMetadata("elasticsearch", settings),
    stringData: { users, users_roles: rolesOfUsersFile(), [passwordKey("admin")]: passwords.admin, [passwordKey("kibana")]: passwords.kibana },
  } satisfies Secret;
}

/** The rest is for threads, buffers and the files that the kernel keeps at hand. */
const heapShare = 0.4;
/** Beyond it the heap's pointers grow, and there would be less room instead of more. */
const mostHeapMebibytes = 30_000;

/** Whoever has no password is answered 401, which says as well that it works. */
const answers = `exec 3<>/dev/tcp/127.0.0.1/${loggingPorts.elasticsearch} && printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3 && read -t 5 -r _ status _ <&3 && [ "$status" = 200 -o "$status" = 401 ]`;

/** One node with a volume. */
export function elasticsearchStatefulSet(settings: Settings) {
  const { image, resources, volume } = settings.logging.elasticsearch;
  const { volumes, volumeClaimTemplates } = dataVolume(volume);
  const heap = Math.min(mostHeapMebibytes, Math.floor(memoryMebibytes(resources.limits.memory) * heapShare));
  const reference = imageReference(settings, image);
  const probe = { exec: { command: ["bash", "-c", answers] }, timeoutSeconds: 10 };
  const file = (volume: string) => (path: string) => ({
    name: volume,
    mountPath: `${elasticsearchPaths.configuration}/${path}`,
    subPath: path,
    readOnly: true,
  });
  return {
    apiVersion: "apps/v1",
    kind: "StatefulSet",
    metadata: loggingMetadata("elasticsearch", settings),
    spec: {
      replicas: 1,
      serviceName: name,
      revisionHistoryLimit: 5,
      selector: { matchLabels: loggingLabels("elasticsearch") },
      template: {
        metadata: { labels: loggingLabels("elasticsearch"), annotations: configAnnotation(JSON.stringify(configuration(settings))) },
        spec: {
          ...elasticPod,
          ...pulling(settings),
          // The volume belongs to whom the process runs as.
          securityContext: { ...elasticPod.securityContext, fsGroup: elasticPod.securityContext.runAsUser },
          // It writes down what it has in memory before it ends.
          terminationGracePeriodSeconds: 120,
          initContainers: [
            {
              // It writes a file of its own beside its configuration, and the image cannot be written to.
              name: "configuration",
              image: reference,
              command: ["sh", "-c", `cp -R ${elasticsearchPaths.configuration}/. /configuration/`],
              volumeMounts: [{ name: "configuration", mountPath: "/configuration" }],
              resources: { requests: { cpu: "10m", memory: "16Mi" }, limits: { cpu: "200m", memory: "64Mi" } },
              ...elasticContainer,
            },
          ],
          containers: [
            {
              name,
              image: reference,
              ports: [{ name: "http", containerPort: loggingPorts.elasticsearch }],
              env: [{ name: "ES_JAVA_OPTS", value: `-Xms${heap}m -Xmx${heap}m` }],
              volumeMounts: [
                { name: "configuration", mountPath: elasticsearchPaths.configuration },
                ...files.map(file("files")),
                ...userFiles.map(file("users")),
                { name: "logs", mountPath: elasticsearchPaths.logs },
                { name: "temporary", mountPath: elasticsearchPaths.temporary },
                dataMount(elasticsearchPaths.data),
              ],
              resources,
              startupProbe: { ...probe, periodSeconds: 5, failureThreshold: 120 },
              livenessProbe: { ...probe, periodSeconds: 30, failureThreshold: 4 },
              readinessProbe: { ...probe, periodSeconds: 10, failureThreshold: 3 },
              ...elasticContainer,
            },
          ],
          volumes: [
            { name: "configuration", emptyDir: { sizeLimit: "16Mi" } },
            { name: "files", configMap: { name } },
            { name: "users", secret: { secretName: name, items: userFiles.map((key) => ({ key, path: key })) } },
            { name: "logs", emptyDir: { sizeLimit: "512Mi" } },
            { name: "temporary", emptyDir: { sizeLimit: "64Mi" } },
            ...volumes,
          ],
        },
      },
      ...(volumeClaimTemplates.length > 0 && { volumeClaimTemplates }),
    },
  } satisfies StatefulSet;
}
