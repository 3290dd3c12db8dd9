/** `npm run measure:switch`: what clients notice of our switch, and of one that only flips the Services' selectors. Needs the cluster of `npm run up`. */
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { Second } from "../../services/client/ledger.ts";
import { type Color, names } from "../../services/contract/names.ts";
import { ports } from "../../services/contract/ports.ts";
import { brokersOf, crash } from "../e2e/brokers.ts";
import { LoadPod, plainClientImage } from "../e2e/load.ts";
import { succeed, TestStack } from "../e2e/stack.ts";

const stack = new TestStack("measure", {
  broker: { replicas: 2 },
  standbyReplicas: 1,
  scaleDownDelaySeconds: 10,
  smoke: { service: "echo", request: "ping", reply: "ping" },
  workers: [
    { service: "work", replicas: 2, env: { WORKER_CONCURRENCY: "200" } },
    { service: "echo", replicas: 2, env: { WORKER_CONCURRENCY: "32" } },
  ],
});
const frontend = `tcp://${names.brokerService}:${ports.frontend}`;
const aroundSeconds = 20;
let image = "";
let plainImage = "";

beforeAll(async () => {
  await succeed(stack.init());
  await succeed(stack.up());
  image = JSON.parse((await stack.pulumi(["stack", "output", "images", "--json"])).stdout.toString()).blue;
  plainImage = await plainClientImage(stack, stack.registry, stack.imageRegistry);
});

afterAll(async () => {
  await stack.pulumi(["destroy", "--yes", "--skip-preview"]);
  stack.remove();
});

/** The median of the seconds' medians, and the worst second's 99th percentile. */
function described(seconds: readonly Second[]): string {
  const medians = seconds
    .filter(({ replied }) => replied > 0)
    .map(({ p50Ms }) => p50Ms)
    .sort((one, other) => one - other);
  const sum = (of: (second: Second) => number): number => seconds.reduce((total, second) => total + of(second), 0);
  return `${sum(({ replied }) => replied)} replied, ${sum(({ failed }) => failed)} failed, p50 ${medians[Math.floor(medians.length / 2)]} ms, worst second's p99 ${Math.max(...seconds.map(({ p99Ms }) => p99Ms))} ms`;
}

async function measured(name: string, move: (pod: string) => Promise<void>): Promise<void> {
  const run = String(Date.now() % 1e8);
  const ours = await LoadPod.ours(stack, `ours-${run}`, image, [
    "--address",
    frontend,
    "--service",
    "work",
    "--connections",
    "20",
    "--rate",
    "200",
    "--work-ms",
    "1-1",
    "--per-second",
    "--timeout-ms",
    "10000",
  ]);
  const plain = await LoadPod.plain(stack, `plain-${run}`, plainImage, [frontend, "0.2", "10"]);
  const until = async (atMs: number): Promise<void> => vi.waitFor(() => expect(Date.now()).toBeGreaterThanOrEqual(atMs), { timeout: 60_000, interval: 200 });
  const startedAtMs = Date.now() + 3_000; // the first connections are not what is measured
  await until(startedAtMs + aroundSeconds * 1000);
  const beginsAtMs = Date.now();
  await move(ours.name);
  const endsAtMs = Date.now();
  await until(endsAtMs + aroundSeconds * 1000);
  const stoppedAtMs = Date.now();
  const [ledger, plainLedger] = [await ours.ledger(), await plain.ledger()];
  const during = (fromMs: number, toMs: number) => ledger.perSecond!.filter(({ second }) => second * 1000 >= fromMs && second * 1000 + 1000 <= toMs);
  const { sent, replied, failed, wrong } = ledger;
  console.log(
    [
      `${name}: ${((endsAtMs - beginsAtMs) / 1000).toFixed(0)} s`,
      `  before  ${described(during(startedAtMs, beginsAtMs))}`,
      `  during  ${described(during(beginsAtMs, endsAtMs))}`,
      `  after   ${described(during(endsAtMs, stoppedAtMs))}`,
      `  ours    ${JSON.stringify({ sent, replied, failed, wrong })}`,
      `  plain   ${JSON.stringify(plainLedger)}`,
    ].join("\n"),
  );
}

test("our switch", async () => {
  await measured("our switch", async () => {
    await stack.set("activeColor", "green");
    await succeed(stack.up());
  });
});

test("a selector flip, and the old version stopped as a program without a drain is", async () => {
  await measured("a selector flip", async (pod) => {
    const scale = (color: Color, replicas: number) => stack.kubectl(["scale", `deployment/${names.brokerDeployment(color)}`, `--replicas=${replicas}`]);
    await succeed(scale("blue", 2));
    await succeed(stack.kubectl(["rollout", "status", `deployment/${names.brokerDeployment("blue")}`]));
    const old = (await stack.list("pods", `app=${names.brokerApp},version=green`)).map(({ metadata }) => metadata.name as string);
    for (const service of [names.brokerService, names.publicService]) {
      await succeed(stack.kubectl(["patch", "service", service, "--type=merge", "--patch", JSON.stringify({ spec: { selector: { version: "blue" } } })]));
    }
    const stay = (await brokersOf(stack, pod))
      .filter(({ color }) => color === "green")
      .reduce((sum, { connectedClients }) => sum + connectedClients.ours + connectedClients.plain, 0);
    console.log(`clients that are still connected to the old colour after the flip: ${stay}`);
    await succeed(scale("green", 0));
    for (const one of old) crash(one);
    await succeed(stack.kubectl(["wait", "--for=delete", "pod", "-l", `app=${names.brokerApp},version=green`, "--timeout=120s"]));
  });
});
