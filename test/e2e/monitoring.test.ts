import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { dumpYaml, loadYaml } from "@kubernetes/client-node";
import { withoutMonitoring } from "../../local/stack.ts";
import { rows } from "../../monitoring/dashboards/zeromq.ts";
import { switched } from "../../monitoring/dashboards/switch.ts";
import { monitoringNames } from "../../monitoring/names.ts";
import { metrics, workerMetrics } from "../../services/contract/metrics.ts";
import { type Color, colors, labels, names } from "../../services/contract/names.ts";
import { image } from "../../services/contract/image.ts";
import { ports } from "../../services/contract/ports.ts";
import { crash, freeze } from "./brokers.ts";
import { LoadPod } from "./load.ts";
import { asGrafanaAsks, Prometheus } from "./prometheus.ts";
import { Receiver } from "./receiver.ts";
import { printed, succeed, TestStack } from "./stack.ts";

const topic = "monitoring";
const namespace = `zeromq-${topic}`;
const temporary = { temporary: true };
const stack = new TestStack(topic, {
  broker: { replicas: 2, bounds: { maxRequestsPerService: 300 } },
  longestRequestSeconds: 35,
  rolloutDeadlineSeconds: 240,
  smoke: { service: "echo", request: "ping", reply: "ping", timeoutSeconds: 20 },
  workers: [
    { service: "work", replicas: 2, workerTimeoutSeconds: 35, env: { WORKER_CONCURRENCY: "50" } },
    { service: "echo", replicas: 1, env: { WORKER_CONCURRENCY: "32" } },
    { service: "fragile", handler: "work", replicas: 1, workerTimeoutSeconds: 35, env: { WORKER_CONCURRENCY: "50" } },
  ],
  prometheus: { enabled: true, scrapeIntervalSeconds: 5, volume: temporary },
  alerting: {
    enabled: true,
    volume: temporary,
    webhook: Receiver.address(namespace, "alerts"),
    deadMansSwitch: Receiver.address(namespace, "switch"),
    oldestRequestSeconds: 2,
  },
});
const frontend = `tcp://${names.brokerService}:${ports.frontend}`;
const prometheus = new Prometheus(stack);
const receiver = new Receiver(stack);
const patience = { timeout: 180_000, interval: 2_000 };
const startedAt = Math.floor(Date.now() / 1000);
const deployment = { blue: names.brokerDeployment("blue"), green: names.brokerDeployment("green"), echo: names.workerDeployment("echo", 1) };
let reference = "";

/** Every query of the dashboards, by panel and legend, and what draws the switches. */
const queries = Object.fromEntries([
  ...rows.flatMap(({ panels }) => panels.flatMap(({ title, queries }) => Object.entries(queries).map(([legend, query]) => [`${title}: ${legend}`, query]))),
  ["Switches", switched],
]) as Record<string, string>;

/** Queries that show something only while something is wrong; they are asked again when it was. */
const ofFaults = [
  "Waiting, by service: {{service}}, unserved",
  "Refused: {{bound}}",
  "Failed handshakes and dropped messages: handshake, {{side}}",
  "Failed handshakes and dropped messages: {{reason}}",
  "Handlers' failures: {{service}} {{outcome}}",
];
/** At the first minute of a colour, and where autoscaling is on. */
const ofOtherTimes = ["Switches", "Workers: {{service}}, at most"];

async function podsOf(app: string, color?: Color): Promise<string[]> {
  return (await stack.list("pods", color === undefined ? `app=${app}` : `app=${app},version=${color}`)).map(({ metadata }) => metadata.name as string);
}

/** Rewrites a text in one of the stack's objects, and begins its pod anew with it. */
async function rewrite(kind: "configmap" | "secret", name: string, change: (text: string) => string): Promise<void> {
  const object = loadYaml<{ data: Record<string, string>; metadata: Record<string, unknown> }>(await printed(stack.kubectl(["get", kind, name, "-o", "yaml"])));
  const read = (text: string): string => (kind === "secret" ? Buffer.from(text, "base64").toString() : text);
  const written = (text: string): string => (kind === "secret" ? Buffer.from(text).toString("base64") : text);
  object.data = Object.fromEntries(Object.entries(object.data).map(([key, text]) => [key, written(change(read(text)))]));
  await succeed(stack.kubectl(["replace", "-f", "-"], Buffer.from(dumpYaml(object))));
  await succeed(stack.kubectl(["delete", "pod", `${name}-0`, "--wait"]));
  await succeed(stack.kubectl(["rollout", "status", `statefulset/${name}`, "--timeout=180s"]));
}

async function shorter(): Promise<void> {
  const seconds = { s: 1, m: 60, h: 3600 };
  await rewrite("configmap", monitoringNames.prometheus, (text) =>
    text.replace(/\bfor: (\d+)([smh])$/gm, (_, count, unit: keyof typeof seconds) => `for: ${Math.ceil((Number(count) * seconds[unit]) / 12)}s`),
  );
  await rewrite("secret", monitoringNames.alertmanager, (text) =>
    text.replace("group_wait: 30s", "group_wait: 5s").replace("group_interval: 5m", "group_interval: 5s"),
  );
  await vi.waitFor(async () => {
    const lasting = (await prometheus.rules()).find(({ name }) => name === "ZeromqBrokerDown")?.duration;
    expect(lasting).toBe(10);
  }, patience);
}

async function arrived(alert: string, status: "firing" | "resolved", labels: Record<string, string> = {}): Promise<void> {
  await vi.waitFor(
    async () => {
      const all = (await receiver.told()).filter(({ path }) => path === "/alerts").flatMap(({ alerts }) => alerts);
      expect(
        all.map((one) => ({ status: one.status, ...one.labels })),
        `${alert} ${status}`,
      ).toContainEqual(expect.objectContaining({ status, alertname: alert, ...labels }));
    },
    status === "firing" ? patience : { timeout: 480_000, interval: 2_000 },
  );
}

/** Runs a program of Node's in a pod that has our client and its keys. */
async function inPod(pod: string, program: string): Promise<void> {
  await succeed(stack.kubectl(["exec", pod, "--", image.node, "--input-type=module", "--eval", program]));
}

const load = (name: string, service: string, ...options: string[]) =>
  LoadPod.ours(stack, name, reference, ["--address", frontend, "--service", service, ...options]);
const steady = ["--connections", "10", "--rate", "40", "--work-ms", "1-200", "--parts-percent", "20"];
const tooMuch = ["--connections", "20", "--concurrency", "60", "--work-ms", "4000-5000", "--timeout-ms", "30000"];

beforeAll(async () => {
  await succeed(stack.kubectl(["delete", "namespace", namespace, "--ignore-not-found"])); // of a run that was killed
  await succeed(stack.init());
  // As `npm run up` does where the images come later.
  await succeed(stack.pulumi(["up", "--yes", "--skip-preview", ...withoutMonitoring]));
  expect(await stack.list("statefulsets")).toEqual([]);
  await succeed(stack.up());
  reference = JSON.parse((await stack.pulumi(["stack", "output", "images", "--json"])).stdout.toString()).blue;
  await receiver.start(reference);
  await shorter();
});

afterAll(async () => {
  await stack.pulumi(["destroy", "--yes", "--skip-preview"]);
  await stack.kubectl(["delete", "namespace", namespace, "--ignore-not-found"]);
  stack.remove();
});

describe("under load", () => {
  let working: LoadPod<unknown>;
  let echoing: LoadPod<unknown>;
  beforeAll(async () => {
    working = await load("steady-work", "work", ...steady);
    echoing = await load("steady-echo", "echo", "--connections", "2", "--rate", "40");
  });
  afterAll(() => Promise.all([working.ledger(), echoing.ledger()]));

  test("Prometheus reads every pod of the stack, itself and Alertmanager, and evaluates every rule", async () => {
    await vi.waitFor(async () => {
      const up = await prometheus.now("count by (job) (up == 1)");
      expect(Object.fromEntries(up.map(({ metric, values }) => [metric["job"], Number(values[0]![1])]))).toEqual({
        "zeromq-broker": 3,
        "zeromq-worker": 4,
        prometheus: 1,
        alertmanager: 1,
      });
      const rules = await prometheus.rules();
      expect(rules.length).toBeGreaterThan(30);
      expect(rules.filter(({ health }) => health !== "ok")).toEqual([]);
    }, patience);
  });

  test("every query of the dashboard and every recording rule has data, but those of faults", async () => {
    const recording = (await prometheus.rules()).filter(({ type }) => type === "recording").map(({ name }) => name);
    const asked = [...recording, ...Object.entries(queries).flatMap(([of, query]) => ([...ofFaults, ...ofOtherTimes].includes(of) ? [] : [query]))];
    expect(asked.length).toBeGreaterThan(40);
    await vi.waitFor(async () => {
      const without = [];
      for (const query of asked) if ((await prometheus.now(asGrafanaAsks(query))).length === 0) without.push(query);
      expect(without).toEqual([]);
    }, patience);
  });

  test("there are as many series as before, whatever services clients make up", async () => {
    const most = async (query: string): Promise<number> => Math.max(...(await prometheus.now(query)).map(({ values }) => Number(values[0]![1])));
    const series = 'count by (pod) ({__name__=~"zeromq_.+",job="zeromq-broker"})';
    const before = await most(series);
    expect(before).toBeGreaterThan(100);
    await inPod(
      working.name,
      `
      import { createClient } from "/app/client/client.ts";
      const client = createClient({ endpoints: ["${frontend}"], curve: { file: "${image.curvePeerFile}" } });
      await Promise.allSettled(Array.from({ length: 300 }, (_, number) => client.request("invented-" + number, "x", { timeoutMs: 20_000, retries: 0 })));
      client.close();`,
    );
    await vi.waitFor(async () => expect(await most(`max_over_time(${metrics.known.name}{kind="services"}[5m])`)).toBeGreaterThanOrEqual(100), patience);
    expect(await most(series)).toBe(before);
    console.log(`${before} series a broker with two services, before and after 300 made-up ones`);
  });

  test("the keys are as old as the stack", async () => {
    const made = (await prometheus.now(metrics.curveKeysCreated.name)).map(({ values }) => Number(values[0]![1]));
    expect(made).toHaveLength(3);
    for (const seconds of made) expect(seconds >= startedAt - 60 && seconds <= Date.now() / 1000 + 60).toBe(true);
  });
});

describe("whoever is called", () => {
  test("hears each minute that alerting works", async () => {
    await vi.waitFor(async () => {
      const signs = (await receiver.told()).filter(({ path }) => path === "/switch").flatMap(({ alerts }) => alerts);
      expect(signs.length).toBeGreaterThanOrEqual(2);
      expect(new Set(signs.map(({ labels }) => labels["alertname"]))).toEqual(new Set(["Watchdog"]));
    }, patience);
  });

  test("hears of requests that wait too long, grow in number, are refused and fail; and when it is over", async () => {
    const overload = await load("overload", "work", ...tooMuch);
    await arrived("ZeromqOldestRequestTooOld", "firing", { service: "work", severity: "warning" });
    await arrived("ZeromqRequestsRefused", "firing", { bound: "MAX_REQUESTS_PER_SERVICE" });
    await arrived("ZeromqErrorBudgetBurnsFast", "firing", { severity: "critical" });
    await arrived("ZeromqQueueGrowing", "firing", { service: "work" });
    // As a client's crash: what comes back finds nobody.
    crash(overload.name);
    await succeed(stack.kubectl(["delete", "pod", overload.name, "--wait=false"]));
    await arrived("ZeromqOldestRequestTooOld", "resolved", { service: "work" });
    await arrived("ZeromqQueueGrowing", "resolved", { service: "work" });
  });

  test("hears of workers that die while they work, and of strangers at the door", async () => {
    const fragile = await load("busy", "fragile", "--connections", "10", "--concurrency", "5", "--work-ms", "8000-10000", "--timeout-ms", "60000");
    const [broker] = await podsOf(names.brokerApp, "blue");
    const strangers = `
      import { connect } from "node:net";
      import { once } from "node:events";
      for (let count = 0; count < 300; count += 1) await once(connect(${ports.frontend}, "127.0.0.1").on("error", () => {}).resume().end("GET / HTTP/1.1\\r\\n\\r\\n"), "close");`;
    await inPod(broker!, strangers);
    await vi.waitFor(async () => expect(await prometheus.now(`${workerMetrics.running.name}{service="fragile"} >= 40`)).toHaveLength(1), patience);
    const [pod] = (await stack.list("pods", `${labels.service}=fragile`)).map(({ metadata }) => metadata.name as string);
    crash(pod!);
    await arrived("ZeromqRedeliveryStorm", "firing", { service: "fragile" });
    await arrived("ZeromqHandshakeFailures", "firing", { side: "frontend" });
    await inPod(
      fragile.name,
      `
      import { createClient } from "/app/client/client.ts";
      const client = createClient({ endpoints: ["${frontend}"], curve: { file: "${image.curvePeerFile}" } });
      await Promise.allSettled(Array.from({ length: 20 }, () => client.request("work", "no work", { timeoutMs: 30_000, retries: 0 })));
      client.close();`,
    );
    await fragile.ledger();
  });

  test("hears of requests whose workers are gone, with where to read on, and when they are back", async () => {
    await succeed(stack.kubectl(["scale", `deployment/${deployment.echo}`, "--replicas=0"]));
    const waiting = await load("waiting", "echo", "--connections", "2", "--concurrency", "5", "--timeout-ms", "30000");
    await arrived("ZeromqServiceWithoutWorkers", "firing", { service: "echo", severity: "critical" });
    const told = (await receiver.told())
      .flatMap(({ alerts }) => alerts)
      .find(({ labels }) => labels["alertname"] === "ZeromqServiceWithoutWorkers" && labels["service"] === "echo")!;
    expect(told.annotations).toMatchObject({
      summary: expect.stringMatching(/^\d+ requests for echo wait/),
      runbook_url: "monitoring/runbooks/ZeromqServiceWithoutWorkers.md",
    });
    await succeed(stack.kubectl(["scale", `deployment/${deployment.echo}`, "--replicas=1"]));
    await arrived("ZeromqServiceWithoutWorkers", "resolved", { service: "echo" });
    await waiting.ledger();
  });

  test("hears of a broker that does not answer, and when it does again", async () => {
    const [pod] = await podsOf(names.brokerApp, "green");
    freeze(pod!);
    await arrived("ZeromqBrokerDown", "firing", { pod: pod! });
    crash(pod!); // what the kubelet does some minutes later
    await arrived("ZeromqBrokerDown", "resolved", { pod: pod! });
  });

  test("hears of it when there is no broker at all", async () => {
    for (const color of colors) await succeed(stack.kubectl(["scale", `deployment/${deployment[color]}`, "--replicas=0"]));
    await arrived("ZeromqNoBroker", "firing", { severity: "critical" });
    await succeed(stack.kubectl(["scale", `deployment/${deployment.blue}`, "--replicas=2"]));
    await succeed(stack.kubectl(["scale", `deployment/${deployment.green}`, "--replicas=1"]));
    await arrived("ZeromqNoBroker", "resolved");
  });

  test("hears of the end of all that", async () => {
    // The error budget's long windows remember it for hours.
    await vi.waitFor(
      async () => {
        const firing = (await prometheus.alerts()).map(({ labels }) => labels["alertname"]!);
        expect(firing.filter((name) => !["Watchdog", "ZeromqErrorBudgetBurnsFast", "ZeromqErrorBudgetBurnsSlowly"].includes(name))).toEqual([]);
      },
      { timeout: 480_000, interval: 5_000 },
    );
    for (const alert of ["ZeromqRequestsRefused", "ZeromqHandshakeFailures", "ZeromqRedeliveryStorm"]) await arrived(alert, "resolved");
    const all = (await receiver.told()).filter(({ path }) => path === "/alerts").flatMap(({ alerts }) => alerts);
    console.log(
      `alerts that arrived: ${JSON.stringify(Object.fromEntries([...new Set(all.map(({ labels }) => labels["alertname"]!))].map((name) => [name, [...new Set(all.filter(({ labels }) => labels["alertname"] === name).map(({ status }) => status))]])))}`,
    );
    expect(all.map(({ labels }) => labels["alertname"])).not.toContain("Watchdog");
  });
});

test("what only a fault shows was shown", async () => {
  const now = Math.floor(Date.now() / 1000);
  const without = [];
  for (const of of [...ofFaults, "Switches"]) if ((await prometheus.between(asGrafanaAsks(queries[of]!), startedAt, now, 5)).length === 0) without.push(of);
  expect(without).toEqual([]);
});

test("Prometheus and Alertmanager go when they are switched off, with all that they had", async () => {
  for (const part of ["alerting", "prometheus"]) await stack.set(`${part}.enabled`, "false");
  await succeed(stack.up());
  const kinds = "statefulsets,pods,services,configmaps,secrets,serviceaccounts,roles,rolebindings,networkpolicies";
  const left = (await stack.list(kinds))
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .map(({ kind, metadata }) => `${kind} ${metadata.name}`);
  expect(left).toContain("Pod receiver");
  expect(left.filter((name) => /prometheus|alertmanager/.test(name))).toEqual([]);
});
