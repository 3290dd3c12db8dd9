const digest = `sha256:${"d".repeat(64)}`;
const image = (name: string) => JSON.stringify({ image: `${name}:v1@${digest}` });

/** What somebody sets before a stack's first update. */
export const released: Record<string, string> = {
  "zeromq-stack:pushRegistry": JSON.stringify({ server: "registry.example" }),
  "zeromq-stack:images": JSON.stringify({ blue: `1.4.0@${digest}`, green: `1.5.0@${digest}`, worker: `1.5.0@${digest}` }),
  "zeromq-stack:prometheus": image("prom/prometheus"),
  "zeromq-stack:alerting": image("prom/alertmanager"),
  "zeromq-stack:grafana": image("grafana/grafana"),
  "zeromq-stack:autoscaling": JSON.stringify({
    metricsServer: { image: `metrics/server:v1@${digest}` },
    prometheusAdapter: { image: `metrics/adapter:v1@${digest}` },
  }),
  "zeromq-stack:logging": JSON.stringify(
    Object.fromEntries(["elasticsearch", "filebeat", "kibana"].map((part) => [part, { image: `elastic/${part}:v1@${digest}` }])),
  ),
};

/** How Pulumi marks a secret value on its way to the engine. */
const secretMark = "1b47061264138c4ac30d75fd1eb44270";

/** What the engine hands on: inputs with their secrets as they are. */
export function plain(value: any): any {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  if (Object.values(value).includes(secretMark)) return plain(value.value);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
}
