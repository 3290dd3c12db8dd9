import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { Report } from "../../services/client/ledger.ts";
import { names } from "../../services/contract/names.ts";
import { ports } from "../../services/contract/ports.ts";
import { metricsApiNames, monitoringNames, monitoringPorts } from "../../monitoring/names.ts";
import { LoadPod } from "./load.ts";
import { succeed, TestStack } from "./stack.ts";

const [least, most, queueLength, shrinkAfterSeconds] = [2, 8, 10, 15];
const stack = new TestStack("scaling", {
  broker: { replicas: 2 },
  standbyReplicas: 1,
  longestRequestSeconds: 20,
  rolloutDeadlineSeconds: 120,
  smoke: { service: "echo", request: "ping", reply: "ping" },
  workers: [
    { service: "work", workerTimeoutSeconds: 20, env: { WORKER_CONCURRENCY: "5" } },
    { service: "echo", min: 1, max: 3 },
  ],
  prometheus: { enabled: true, scrapeIntervalSeconds: 5, volume: { temporary: true }, resources: { requests: { cpu: "50m", memory: "128Mi" } } },
  autoscaling: {
    enabled: true,
    minReplicas: least,
    maxReplicas: most,
    queueLength,
    shrinkAfterSeconds,
    // What a starting Node needs is no load here: the machine is small.
    cpuPercent: 400,
    metricsServer: { verifyKubelets: false },
  },
});
const frontend = `tcp://${names.brokerService}:${ports.frontend}`;
const workers = "zeromq-worker";
const apiService = "v1beta1.external.metrics.k8s.io";
let image = "";

interface Size {
  readonly asked: number;
  readonly ready: number;
}

/** How many workers of the service `work` there should be, and are. */
async function size(): Promise<Size> {
  const found = (await stack.list("deployments")).find(({ metadata }) => metadata.name === workers);
  return { asked: found.spec.replicas, ready: found.status.readyReplicas ?? 0 };
}

/** Waits for a size; returns when it was there, in seconds since `sinceMs`. */
async function reached(what: (size: Size) => boolean, sinceMs: number, timeoutMs = 300_000): Promise<number> {
  await vi.waitFor(
    async () => {
      const now = await size();
      expect(what(now), JSON.stringify(now)).toBe(true);
    },
    { timeout: timeoutMs, interval: 300 },
  );
  return Math.round((Date.now() - sinceMs) / 100) / 10;
}

/** Looks for longer than it takes workers to be taken away, and sees nothing move. */
async function stays(asked: number): Promise<void> {
  const untilMs = Date.now() + 2 * shrinkAfterSeconds * 1000;
  while (Date.now() < untilMs) {
    expect((await size()).asked).toBe(asked);
    await delay(1_000);
  }
}

/** Clients that have so many requests outstanding, each of them, without a pause. */
function load(name: string, clients: number, each: number, workMs: string): Promise<LoadPod<Report>> {
  return LoadPod.ours(stack, name, image, [
    ...["--address", frontend, "--service", "work", "--connections", String(clients), "--concurrency", String(each)],
    ...["--work-ms", workMs, "--timeout-ms", "90000"],
  ]);
}

function expectNothingLost(what: string, { sent, replied, failed, duplicated, wrong }: Report): void {
  console.log(`${what}: ${JSON.stringify({ sent, replied, failed, duplicated, wrong })}`);
  expect(sent).toBeGreaterThan(20);
  expect({ replied, failed, duplicated, wrong }).toEqual({ replied: sent, failed: {}, duplicated: 0, wrong: 0 });
}

/** What an autoscaler says of itself. */
async function condition(type: string): Promise<{ status: string; reason: string }> {
  const found = (await stack.list("hpa")).find(({ metadata }) => metadata.name === names.workerAutoscaler("work", 0));
  return (found.status?.conditions ?? []).find((one: { type: string }) => one.type === type) ?? { status: "Unknown", reason: "" };
}

async function ask(query: string): Promise<{ metric: Record<string, string>; value: [number, string] }[]> {
  const path = `/api/v1/namespaces/${stack.namespace}/services/${monitoringNames.prometheus}:${monitoringPorts.prometheus}/proxy/api/v1/query?query=${encodeURIComponent(query)}`;
  return JSON.parse((await stack.kubectl(["get", "--raw", path])).stdout.toString()).data.result;
}

const scale = (what: string, replicas: number) => succeed(stack.kubectl(["scale", what, `--replicas=${replicas}`]));
const scaledAndThere = (what: string) => succeed(stack.kubectl(["rollout", "status", what, "--timeout=180s"]));

async function leaveNothing(): Promise<void> {
  await stack.kubectl(["delete", "apiservice", "-l", `app in (${Object.values(metricsApiNames).join(",")})`, "--ignore-not-found"]);
  await stack.kubectl(["delete", "apiservice", "-l", "app=theirs", "--ignore-not-found"]);
  await stack.kubectl(["delete", "namespace", stack.namespace, "--ignore-not-found"]);
}

beforeAll(async () => {
  await leaveNothing(); // of a run that was killed
  await succeed(stack.init());
});

afterAll(async () => {
  await stack.pulumi(["destroy", "--yes", "--skip-preview"]);
  // A failed test may have left a stack that Pulumi can't destroy; the cluster is left clean all the same.
  await leaveNothing();
  stack.remove();
});

describe("a cluster that has an API of external metrics", () => {
  const theirs = {
    apiVersion: "apiregistration.k8s.io/v1",
    kind: "APIService",
    metadata: { name: apiService, labels: { app: "theirs" } },
    spec: {
      group: "external.metrics.k8s.io",
      version: "v1beta1",
      groupPriorityMinimum: 100,
      versionPriority: 100,
      insecureSkipTLSVerify: true,
      service: { name: "theirs", namespace: "default" },
    },
  };

  test("keeps it: the preview says whose it is and what to set, and so does the update, which makes nothing of that", async () => {
    await succeed(stack.kubectl(["apply", "-f", "-"], Buffer.from(JSON.stringify(theirs))));
    const { exitCode, text } = await stack.pulumi(["preview"]);
    expect(exitCode).not.toBe(0);
    expect(text).toContain(`APIService ${apiService} belongs to Service default/theirs`);
    expect(text).toContain("pulumi config set --path autoscaling.prometheusAdapter.from cluster");
    await succeed(stack.kubectl(["delete", "apiservice", apiService]));
  });
});

describe("workers that are scaled", () => {
  test("can be previewed without a running cluster", async () => {
    await succeed(stack.pulumi(["preview"], { KUBECONFIG: "/nonexistent", DOCKER_HOST: "unix:///nonexistent" }));
  });

  test("have an autoscaler for each service, between its bounds, that knows both metrics", async () => {
    await succeed(stack.up());
    image = JSON.parse((await stack.pulumi(["stack", "output", "images", "--json"])).stdout.toString()).blue;
    const found = (await stack.list("hpa")).map(({ metadata, spec }) => [metadata.name, spec.scaleTargetRef.name, spec.minReplicas, spec.maxReplicas]);
    expect(found.sort()).toEqual([
      ["zeromq-worker-hpa", workers, least, most],
      ["zeromq-worker-hpa-echo", "zeromq-worker-echo", 1, 3],
    ]);
    await vi.waitFor(
      async () => {
        for (const { metadata, status } of await stack.list("hpa")) {
          const kinds = (status?.currentMetrics ?? []).map(({ type }: { type: string }) => type).sort();
          expect(kinds, metadata.name).toEqual(["External", "Resource"]);
        }
      },
      { timeout: 240_000, interval: 2_000 },
    );
    await reached(({ asked, ready }) => asked === least && ready === least, Date.now());
  });

  test("grow in a flood, may be updated there without losing one of them, shrink when it ends, and lose not one request", async () => {
    const trickle = await load("trickle", 4, 1, "1-5000");
    const flood = await load("flood", 20, 10, "500-3000");
    const beganMs = Date.now();
    const first = await reached(({ asked }) => asked > least, beganMs);
    const last = await reached(({ asked }) => asked === most, beganMs);
    const ready = await reached((now) => now.ready === most, beganMs);
    console.log(`after the flood's beginning: more workers asked for at ${first} s, all ${most} at ${last} s, which were ready at ${ready} s`);

    await vi.waitFor(
      async () => {
        const alerts = await ask('ALERTS{alertname="ZeromqWorkersAtMaximum"}');
        expect(alerts.map(({ metric }) => `${metric["service"]} ${metric["alertstate"]}`)).toEqual(["work pending"]);
      },
      { timeout: 60_000, interval: 1_000 },
    );

    await succeed(stack.pulumi(["preview", "--expect-no-changes"]));
    await succeed(stack.pulumi(["up", "--yes", "--skip-preview", "--expect-no-changes"]));
    await stack.set("workers[0].retryAttempts", "2");
    await succeed(stack.up());
    expect((await size()).asked).toBe(most);
    await succeed(stack.pulumi(["preview", "--expect-no-changes"]));

    const floodLedger = await flood.ledger();
    const endedMs = Date.now();
    const down = await reached(({ asked }) => asked < most, endedMs);
    const shrunk = await reached(({ asked, ready }) => asked === least && ready === least, endedMs, 400_000);
    console.log(`after the flood's end: fewer workers asked for at ${down} s, ${least} left at ${shrunk} s`);
    expectNothingLost("the flood", floodLedger);
    expectNothingLost("beside it and while they shrank", await trickle.ledger());
  });

  test("stay as many as they are while their metric is missing, whatever the load does", async () => {
    const steady = await load("steady", 15, 3, "500-3000");
    await reached(({ asked }) => asked === 5, Date.now());
    await scale(`deployment/${metricsApiNames.prometheusAdapter}`, 0);
    await vi.waitFor(async () => expect(await condition("ScalingActive")).toMatchObject({ status: "False", reason: "FailedGetExternalMetric" }), {
      timeout: 120_000,
      interval: 1_000,
    });
    const flood = await load("flood-unseen", 20, 10, "500-3000");
    await stays(5);
    expectNothingLost("a flood that nobody saw", await flood.ledger());
    expectNothingLost("a steady load", await steady.ledger());

    // The adapter is back, and has nothing to say.
    await scale(`statefulset/${monitoringNames.prometheus}`, 0);
    await succeed(stack.kubectl(["wait", "--for=delete", `pod/${monitoringNames.prometheus}-0`, "--timeout=180s"]));
    await scale(`deployment/${metricsApiNames.prometheusAdapter}`, 1);
    await stays(5);

    await scale(`statefulset/${monitoringNames.prometheus}`, 1);
    await scaledAndThere(`statefulset/${monitoringNames.prometheus}`);
    await reached(({ asked }) => asked === least, Date.now(), 400_000);
  });

  test("are as many as the settings say once nothing scales them: one update, which takes the APIs out of the cluster, and the next has nothing to do", async () => {
    await stack.set("autoscaling.enabled", "false");
    await stack.set("workers[0].replicas", "3");
    await stack.set("workers[1].replicas", "1");
    await succeed(stack.up());
    expect(await size()).toEqual({ asked: 3, ready: 3 });
    expect(await stack.list("hpa")).toEqual([]);
    const { stdout } = await stack.kubectl(["get", "apiservices,clusterroles,clusterrolebindings,rolebindings", "--all-namespaces", "-o", "name"]);
    expect(
      stdout
        .toString()
        .split("\n")
        .filter((name) => name.includes(stack.namespace) || /v1beta1\.(external\.)?metrics\.k8s\.io/.test(name)),
    ).toEqual([]);
    await succeed(stack.pulumi(["preview", "--expect-no-changes"]));
  });
});
