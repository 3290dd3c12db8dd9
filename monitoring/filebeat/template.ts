import { type LogField, logFields } from "../../services/contract/logs.ts";
import { logIndex } from "../names.ts";

const types = {
  time: { type: "date" },
  word: { type: "keyword", ignore_above: 1024 },
  text: { type: "text" },
  number: { type: "double", ignore_malformed: true },
  /** Anything, and none of it searched: a line must not be refused for what is inside. */
  object: { type: "object", enabled: false },
} as const satisfies Record<LogField["kind"], object>;

/**
 * How Elasticsearch keeps the lines. Only the fields of the contract are searched: others are kept as they are, so that a handler
 * that makes up names can neither fill the index with fields nor have its lines refused.
 */
export function logTemplate({ lifecycle }: { readonly lifecycle: boolean }) {
  const ours = Object.fromEntries(Object.values<LogField>(logFields).map(({ name, kind }) => [name, types[kind]]));
  return {
    index_patterns: [logIndex.pattern],
    priority: 500,
    template: {
      settings: {
        number_of_shards: 1,
        // There is one node.
        number_of_replicas: 0,
        ...(lifecycle && { "index.lifecycle.name": logIndex.name }),
      },
      mappings: {
        dynamic: false,
        properties: {
          "@timestamp": types.time,
          ...ours,
          timestamp: { ...types.time, ignore_malformed: true },
          stream: types.word,
          host: { properties: { name: types.word } },
          kubernetes: {
            properties: { namespace: types.word, pod: { properties: { name: types.word } }, container: { properties: { name: types.word, id: types.word } } },
          },
          error: types.object,
        },
      },
    },
  };
}

/** The policy that deletes an index when its lines are too old. */
export function lifecyclePolicy(retentionDays: number) {
  return { policy: { phases: { delete: { min_age: `${retentionDays}d`, actions: { delete: {} } } } } };
}
