import { describe, expect, it } from "vitest";
import { activeColor } from "../../infra/specs/activeColor.ts";
import { brokerDeployment } from "../../infra/specs/brokerDeployment.ts";
import { settingsWith, variables } from "./specs.ts";

const image = `registry.example/zeromq-broker@sha256:${"a".repeat(64)}`;
const deployment = (changes?: Record<string, unknown>, color: "blue" | "green" = "blue") => brokerDeployment(settingsWith(changes), color, image);
const pod = (...args: Parameters<typeof deployment>) => deployment(...args).spec.template.spec;
const container = (...args: Parameters<typeof deployment>) => pod(...args).containers[0]!;

describe("the brokers' Deployment", () => {
  it("is named after its colour, which is a label of its pods and part of its selector", () => {
    const { metadata, spec } = deployment({}, "green");
    const own = { app: "zeromq-broker", version: "green" };

    expect(metadata).toMatchObject({ name: "zeromq-broker-green", namespace: "zeromq", labels: own });
    expect(spec.selector.matchLabels).toEqual(own);
    expect(spec.template.metadata.labels).toEqual(own);
  });

  it("has three brokers, or as many as the stack says, and never fewer while it is renewed", () => {
    expect(deployment().spec.replicas).toBe(3);
    expect(deployment({ broker: { replicas: 7 } }).spec.replicas).toBe(7);
    expect(deployment().spec.strategy).toEqual({ type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } });
  });

  it("has the table's ports, requests and limits", () => {
    expect(container().ports).toEqual([
      { name: "frontend", containerPort: 5555 },
      { name: "backend", containerPort: 5556 },
      { name: "metrics", containerPort: 9090 },
    ]);
    expect(container().resources).toEqual({
      requests: { cpu: "100m", memory: "128Mi" },
      limits: { cpu: "500m", memory: "512Mi" },
    });
  });

  it("tells Prometheus where its metrics are", () => {
    expect(deployment().spec.template.metadata.annotations).toMatchObject({
      "prometheus.io/scrape": "true",
      "prometheus.io/port": "9090",
      "prometheus.io/path": "/metrics",
    });
  });

  it("lives as long as it answers PING, and gives the program time to say why it does not", () => {
    const { livenessProbe } = container();
    expect(livenessProbe).toMatchObject({
      exec: { command: ["/usr/local/bin/node", "/app/healthcheck/main.ts"] },
      initialDelaySeconds: 10,
      periodSeconds: 30,
    });
    expect(livenessProbe?.timeoutSeconds).toBeGreaterThan(3);
  });

  it("is ready when it says so over HTTP: a draining broker answers PING, too", () => {
    expect(container().readinessProbe).toMatchObject({
      httpGet: { path: "/readyz", port: "metrics" },
      initialDelaySeconds: 5,
      periodSeconds: 10,
    });
  });

  it("may take a while to start before anything else is asked", () => {
    expect(container().startupProbe).toMatchObject({ httpGet: { path: "/livez", port: "metrics" } });
  });

  it("reads broker.conf, read-only at /app/config, and nothing of the workers'", () => {
    expect(container().volumeMounts).toContainEqual({ name: "config", mountPath: "/app/config", readOnly: true });
    expect(pod().volumes).toContainEqual({ name: "config", configMap: { name: "zeromq-config", items: [{ key: "broker.conf", path: "broker.conf" }] } });
    expect(variables(container())).toMatchObject({ CONFIG_FILE: "/app/config/broker.conf" });
  });

  it("learns which colour is active from a file that changes while it runs: a switch restarts nobody", () => {
    expect(container().volumeMounts).toContainEqual({ name: "active-color", mountPath: "/app/active", readOnly: true });
    expect(pod().volumes).toContainEqual({ name: "active-color", configMap: { name: "zeromq-active-color", optional: true } });
    expect(variables(container())).toMatchObject({ ACTIVE_COLOR_FILE: "/app/active/color" });
    expect(activeColor(settingsWith({ activeColor: "green" })).data).toEqual({ color: "green" });
    const template = (active: string) => brokerDeployment(settingsWith({ activeColor: active }), "blue", "image").spec.template;
    expect(template("green")).toEqual(template("blue"));
  });

  it("is at full size where it is active, and as small as the settings say where it is not; nobody waits for it there", () => {
    const settings = settingsWith({ broker: { replicas: 5 }, standbyReplicas: 2, activeColor: "green" });
    const [green, blue] = [brokerDeployment(settings, "green", "image"), brokerDeployment(settings, "blue", "image")];
    expect([green.spec.replicas, blue.spec.replicas]).toEqual([5, 2]);
    expect(green.metadata.annotations).not.toHaveProperty(["pulumi.com/skipAwait"]);
    expect(blue.metadata.annotations).toHaveProperty(["pulumi.com/skipAwait"], "true");
  });

  it("leaves plain clients their connections for as long as the old colour stays", () => {
    expect(variables(container({ scaleDownDelaySeconds: 77 }))).toMatchObject({ PLAIN_CLIENT_DELAY: "77" });
  });

  it("gets the rest of its settings from the environment", () => {
    const settings = { broker: { receiveTimeoutMs: 100, sendTimeoutMs: 200, maxQueuedRequests: 300, maxDeliveries: 4 } };
    expect(variables(container(settings, "green"))).toMatchObject({
      COLOR: "green",
      METRICS_PORT: "9090",
      RCVTIMEO: "100",
      SNDTIMEO: "200",
      MAX_QUEUED_REQUESTS: "300",
      MAX_DELIVERIES: "4",
    });
  });

  it.each([1, 30, 90.5])("waits for the longest request (%s s), and Kubernetes waits longer than the process", (seconds) => {
    const settings = { longestRequestSeconds: seconds, workers: [{ service: "echo", workerTimeoutSeconds: 1 }] };
    const process = Number(variables(container(settings))["SHUTDOWN_GRACE"]);

    expect(process).toBeGreaterThan(seconds);
    expect(pod(settings).terminationGracePeriodSeconds).toBeGreaterThan(process);
    expect(Number.isInteger(pod(settings).terminationGracePeriodSeconds)).toBe(true);
  });

  it("fails an update that stands still", () => {
    expect(deployment({ rolloutDeadlineSeconds: 60 }).spec.progressDeadlineSeconds).toBe(60);
  });

  it("rolls its pods when what is read at start changes in broker.conf, and only then", () => {
    const hash = (changes: object) => deployment({ broker: changes }).spec.template.metadata.annotations["zeromq-stack/config-hash"];

    expect(hash({ heartbeatLiveness: 5 })).not.toBe(hash({}));
    expect(hash({ logLevel: "DEBUG" })).toBe(hash({}));
    expect(hash({ replicas: 9 })).toBe(hash({}));
  });

  it("prefers other zones and other nodes, and needs neither", () => {
    const constraints = pod().topologySpreadConstraints;
    expect(constraints.map(({ topologyKey }) => topologyKey)).toEqual(["topology.kubernetes.io/zone", "kubernetes.io/hostname"]);
    expect(constraints.map(({ whenUnsatisfiable }) => whenUnsatisfiable)).toEqual(["ScheduleAnyway", "ScheduleAnyway"]);
  });
});
