import { elasticsearchUsers } from "../elasticsearch/configuration.ts";
import { loggingPorts, logIndex } from "../names.ts";

/** Where things lie in Kibana's container. */
export const kibanaPaths = { configuration: "/usr/share/kibana/config/kibana.yml", data: "/usr/share/kibana/data", temporary: "/tmp" } as const;

/** kibana.yml, as an object. Passwords and keys come as variables. Nothing is asked of the internet, and nothing told to it. */
export function kibanaConfiguration(elasticsearch: string) {
  return {
    "server.host": "0.0.0.0",
    "server.port": loggingPorts.kibana,
    "elasticsearch.hosts": [elasticsearch],
    "elasticsearch.username": elasticsearchUsers.kibana.name,
    "path.data": kibanaPaths.data,
    // So that the kubelet can ask how it is.
    "status.allowAnonymous": true,
    "telemetry.enabled": false,
    "newsfeed.enabled": false,
    "xpack.apm.ui.enabled": false,
    "xpack.fleet.agents.enabled": false,
  };
}

/** What its users look at: the log lines, by their time, under a name that stays. */
export const dataView = {
  id: logIndex.name,
  attributes: { title: logIndex.pattern, timeFieldName: "@timestamp" },
} as const;
