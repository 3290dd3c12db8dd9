import { distributions } from "../../monitoring/elasticsearch/configuration.ts";
import { logsNamespace } from "../specs/logsNamespace.ts";
import { thirdPartyImage, volume } from "./monitoring.ts";
import type { Problem } from "./problems.ts";
import { resourceProblems, resources } from "./resources.ts";
import type { Settings } from "./schema.ts";
import { flag, group, oneOf, wholeNumber } from "./values.ts";

const elasticsearch = group({
  image: thirdPartyImage("elasticsearch"),
  distribution: oneOf(distributions)
    .default("default")
    .describe("What the image holds: Elastic's own distribution, or the bare one that knows neither lifecycles nor Kibana; nothing is deleted then."),
  volume: volume("20Gi").describe("Where the log lines are."),
  resources: resources({
    requests: { cpu: "200m", memory: "1Gi" },
    limits: { cpu: "1", memory: "2Gi" },
  }).describe("Processor time and memory of Elasticsearch; two fifths of the memory are its heap."),
}).prefault({});

const filebeat = group({
  image: thirdPartyImage("filebeat"),
  resources: resources({
    requests: { cpu: "50m", memory: "64Mi" },
    limits: { cpu: "500m", memory: "256Mi" },
  }).describe("Processor time and memory of Filebeat on each node."),
}).prefault({});

const kibana = group({
  enabled: flag().default(true).describe("Whether the stack has a Kibana of its own; it needs elasticsearch.distribution default."),
  image: thirdPartyImage("kibana"),
  resources: resources({
    requests: { cpu: "100m", memory: "512Mi" },
    limits: { cpu: "1", memory: "1Gi" },
  }).describe("Processor time and memory of Kibana."),
}).prefault({});

/** What collects the log lines, keeps them and shows them. */
export const logging = group({
  enabled: flag().default(true).describe("Whether log lines are collected, by a Filebeat on each node, and kept, by an Elasticsearch of the stack's own."),
  retentionDays: wholeNumber(1, 3650).default(14).describe("Days for which log lines are kept."),
  elasticsearch: elasticsearch.describe("What keeps the log lines."),
  filebeat: filebeat.describe("What collects them."),
  kibana: kibana.describe("What shows them."),
}).prefault({});

const longestNamespace = 63;

/** What is wrong with the settings of the logs, each right in itself. */
export function loggingProblems({ logging, namespace }: Partial<Settings>): Problem[] {
  if (!logging?.enabled) return [];
  const { elasticsearch, filebeat, kibana } = logging;
  const shares = Object.entries({ elasticsearch, filebeat, kibana }).flatMap(([key, part]) => resourceProblems(`logging.${key}.resources`, part.resources));
  const shown =
    kibana.enabled && elasticsearch.distribution !== "default"
      ? [{ key: "logging.kibana.enabled", message: "true found; allowed: only with logging.elasticsearch.distribution default" }]
      : [];
  const room = longestNamespace - logsNamespace("").length;
  const name =
    namespace !== undefined && namespace.length > room
      ? [
          {
            key: "namespace",
            message: `"${namespace}" found; allowed: up to ${room} characters with logging.enabled, since another namespace has its name and "${logsNamespace("")}"`,
          },
        ]
      : [];
  return [...shares, ...shown, ...name];
}
