import { loggingNames, loggingPorts, logIndex } from "../names.ts";

/** Where things lie in Filebeat's container. */
export const filebeatPaths = {
  configuration: "/etc/filebeat",
  login: "/etc/filebeat-login",
  data: "/usr/share/filebeat/data",
  /** Where the kubelet links the containers' logs, and where they are. */
  containers: "/var/log/containers",
  pods: "/var/log/pods",
} as const;

export const filebeatFiles = { configuration: "filebeat.yml", template: "template.json", login: "output.yml" } as const;

/** Hours after which a file that nobody writes to is not begun any more; later still, what is known of it is forgotten. */
const [ignoreHours, forgetHours] = [48, 72];

interface About {
  /** Whose pods' logs are read. */
  readonly namespace: string;
  readonly elasticsearch: string;
}

/** filebeat.yml, as an object. The user and the password that it writes as stand in a file of their own. */
export function filebeatConfiguration({ namespace, elasticsearch }: About) {
  return {
    filebeat: {
      inputs: [
        {
          type: "container",
          paths: [`${filebeatPaths.containers}/*_${namespace}_*.log`],
          // What Elasticsearch says when it cannot write must not be more to write.
          exclude_files: [loggingNames.elasticsearch, loggingNames.kibana].map((name) => `/${name}-\\d+_`),
          scan_frequency: "2s",
          // A pod's last lines are read to their end, though the kubelet deletes the file.
          close_removed: false,
          clean_removed: false,
          ignore_older: `${ignoreHours}h`,
          clean_inactive: `${forgetHours}h`,
        },
      ],
    },
    path: { data: filebeatPaths.data },
    // The node, which the pod's own name does not tell.
    name: "${NODE_NAME}",
    processors: [
      // What was read already and is read again, after Filebeat lost its place, is the same document.
      { fingerprint: { fields: ["@timestamp", "log.file.path", "log.offset", "message"], target_field: "@metadata._id", encoding: "hex" } },
      {
        dissect: {
          field: "log.file.path",
          tokenizer: `${filebeatPaths.containers}/%{pod.name}_%{namespace}_%{container.name}-%{container.id}.log`,
          target_prefix: "kubernetes",
        },
      },
      { decode_json_fields: { fields: ["message"], target: "", overwrite_keys: true, add_error_key: false, max_depth: 5 } },
      { drop_fields: { fields: ["agent", "ecs", "input", "log"], ignore_missing: true } },
    ],
    setup: {
      // Its own lifecycle would rename the indices.
      ilm: { enabled: false },
      template: {
        enabled: true,
        type: "index",
        name: logIndex.name,
        pattern: logIndex.pattern,
        overwrite: true,
        json: { enabled: true, name: logIndex.name, path: `${filebeatPaths.configuration}/${filebeatFiles.template}` },
      },
    },
    output: {
      elasticsearch: {
        hosts: [elasticsearch],
        index: logIndex.daily,
        // What does not fit the index is kept as a text in another one, instead of lost.
        non_indexable_policy: { dead_letter_index: { index: logIndex.rejected } },
      },
    },
    http: { enabled: true, host: "0.0.0.0", port: loggingPorts.filebeat },
    logging: { level: "info", to_files: false, to_stderr: true, metrics: { enabled: false } },
  };
}

/** What it logs in with, as a second configuration file. */
export function filebeatLogin(username: string, password: string) {
  return { output: { elasticsearch: { username, password } } };
}
