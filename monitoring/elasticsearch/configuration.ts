import { pbkdf2Sync, createHash } from "node:crypto";
import { loggingPorts, logIndex } from "../names.ts";

/** Where things lie in Elasticsearch's container. */
export const elasticsearchPaths = {
  configuration: "/usr/share/elasticsearch/config",
  data: "/usr/share/elasticsearch/data",
  logs: "/usr/share/elasticsearch/logs",
  temporary: "/tmp",
} as const;

/**
 * `default` is Elastic's own distribution. `bare` is the one of Maven's repository: it knows users and passwords, but neither
 * lifecycles nor Kibana.
 */
export const distributions = ["default", "bare"] as const;
export type Distribution = (typeof distributions)[number];

/** elasticsearch.yml, as an object. A setting that a distribution does not know would keep it from starting. */
export function elasticsearchConfiguration(distribution: Distribution) {
  return {
    "cluster.name": "zeromq-logs",
    "node.name": "${HOSTNAME}",
    "network.host": "0.0.0.0",
    "http.port": loggingPorts.elasticsearch,
    // There is no other node to talk to.
    "transport.host": "127.0.0.1",
    "discovery.type": "single-node",
    "path.data": elasticsearchPaths.data,
    "path.logs": elasticsearchPaths.logs,
    // Mapped files need a setting of the node's kernel, which no pod of ours may change.
    "node.store.allow_mmap": false,
    "action.destructive_requires_name": true,
    "xpack.security.enabled": true,
    ...(distribution === "default" ? { "xpack.ml.enabled": false, "ingest.geoip.downloader.enabled": false } : { "bootstrap.system_call_filter": false }),
  };
}

/** Its own log goes to the container's standard output, and nowhere else. */
export const elasticsearchLogging = `status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = [%d{ISO8601}][%-5p][%-25c{1.}] [%node_name]%marker %m%n
rootLogger.level = info
rootLogger.appenderRef.console.ref = console
`;

/** Who may log in. They stand in files: an index with users, as Elasticsearch keeps it, would have to be filled by somebody first. */
export const elasticsearchUsers = {
  /** For people. */
  admin: { name: "admin", role: "superuser" },
  filebeat: { name: "filebeat", role: "zeromq_writer" },
  // Not `kibana`: Elasticsearch has a user of that name already, which no file overrules.
  kibana: { name: "kibana_server", role: "kibana_system" },
} as const;
export type ElasticsearchUser = keyof typeof elasticsearchUsers;

/** Filebeat adds lines and says how they are kept; it reads and deletes none. */
export const elasticsearchRoles = {
  [elasticsearchUsers.filebeat.role]: {
    cluster: ["monitor", "manage_index_templates"],
    indices: [{ names: [logIndex.pattern, logIndex.rejected], privileges: ["create_index", "create_doc", "view_index_metadata"] }],
  },
};

/** The file `users`: passwords as hashes. */
export function usersFile(passwords: Readonly<Record<ElasticsearchUser, string>>): string {
  return Object.entries(elasticsearchUsers)
    .map(([key, { name }]) => `${name}:${passwordHash(passwords[key as ElasticsearchUser])}\n`)
    .join("");
}

/** The file `users_roles`. */
export function rolesOfUsersFile(): string {
  return Object.values(elasticsearchUsers)
    .map(({ name, role }) => `${role}:${name}\n`)
    .join("");
}

const rounds = 10_000;
const keyBytes = 32;

/**
 * PBKDF2 as Elasticsearch writes it. The salt follows from the password, so that the hash is the same at each update; the
 * passwords are random and long, so no table of hashes has them.
 */
export function passwordHash(password: string): string {
  const salt = createHash("sha256").update(`zeromq-stack ${password}`).digest();
  return `{PBKDF2}${rounds}$${salt.toString("base64")}$${pbkdf2Sync(password, salt, rounds, keyBytes, "sha512").toString("base64")}`;
}
