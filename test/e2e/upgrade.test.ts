import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { Report } from "../../services/client/ledger.ts";
import { type Color, names, secretKeys } from "../../services/contract/names.ts";
import { checkOutPreviousRelease, installPackages, previousRelease, whyMissing } from "../previousRelease.ts";
import { brokersOf, selected } from "./brokers.ts";
import { expectNothingLost, ledgersText, type LoadPod, mixedLoad, plainClientImage, plainLoads, type PlainLedger } from "./load.ts";
import { ownCheckout, succeed, TestStack } from "./stack.ts";

const missing = await whyMissing();
let previous: Awaited<ReturnType<typeof checkOutPreviousRelease>>;
let stack: TestStack;

/** Clients of ours in one pod, and plain ones in another, each with a connection of its own. */
const connections = 6;
const plainClients = 3;

interface Running {
  readonly images: Record<Color | "worker", string>;
  readonly serverKeys: readonly string[];
  readonly clientKeys: Record<string, Record<string, string>>;
}

async function outputs(): Promise<Running> {
  return JSON.parse((await stack.pulumi(["stack", "output", "--json", "--show-secrets"])).stdout.toString());
}

/** What the cluster holds of the brokers' keys, the workers' and the stack's own client's. */
async function keysInCluster(): Promise<Record<string, string>> {
  const secrets = await stack.list("secrets");
  const of = (name: string, key: string): string => secrets.find(({ metadata }) => metadata.name === name).data[key];
  return {
    brokers: of(names.secret, secretKeys.curveSecretKey),
    pairs: of(names.secret, secretKeys.curvePairs),
    workers: of(names.workerKeysSecret, secretKeys.curvePeer),
    probe: of(names.probeKeysSecret, secretKeys.curvePeer),
  };
}

/** Which images the pods run that are not about to end. */
async function imagesOf(app: string, color?: Color): Promise<string[]> {
  const pods = await stack.list("pods", color === undefined ? `app=${app}` : `app=${app},version=${color}`);
  return [...new Set(pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined).map(({ spec }) => spec.containers[0].image as string))];
}

/** Waits until so many clients are on a colour, ours and plain ones, and none is on the other. */
async function clientsAreOn(color: Color, pod: string, ours: number, plain: number): Promise<void> {
  await vi.waitFor(
    async () => {
      const brokers = await brokersOf(stack, pod);
      const there = brokers.filter((one) => one.color === color).map(({ connectedClients }) => connectedClients);
      expect(there.reduce((sum, one) => sum + one.ours, 0)).toBeGreaterThanOrEqual(ours);
      expect(there.reduce((sum, one) => sum + one.plain, 0)).toBeGreaterThanOrEqual(plain);
    },
    { timeout: 120_000, interval: 1_000 },
  );
}

describe.skipIf(missing !== undefined)(`an upgrade from the previous release, ${previousRelease}`, () => {
  let old: Running;
  let keys: Record<string, string>;
  let oldClients: LoadPod<Report>;
  let newClients: LoadPod<Report>;
  let plain: LoadPod<PlainLedger>[];

  beforeAll(async () => {
    previous = await checkOutPreviousRelease();
    stack = new TestStack(
      "upgrade",
      {
        broker: { replicas: 2 },
        standbyReplicas: 1,
        scaleDownDelaySeconds: 5,
        longestRequestSeconds: 20,
        rolloutDeadlineSeconds: 120,
        smoke: { service: "echo", request: "ping", reply: "ping" },
        clients: [{ name: "shop" }],
        workers: [
          { service: "work", replicas: 2, workerTimeoutSeconds: 20, concurrency: 50 },
          { service: "echo", replicas: 2, concurrency: 8 },
        ],
      },
      previous.directory,
    );
    await succeed(stack.kubectl(["delete", "namespace", stack.namespace, "--ignore-not-found"])); // of a run that was killed
    await Promise.all(["", "services"].map((folder) => installPackages(previous.directory, folder)));
    await succeed(stack.init());
    await succeed(stack.up());
    old = await outputs();
    keys = await keysInCluster();
    const plainImage = await plainClientImage(stack, stack.registry, stack.imageRegistry);
    oldClients = await mixedLoad(stack, "ours-previous", old.images.blue, connections, 5_000);
    plain = await plainLoads(stack, "", plainImage, plainClients);
    await clientsAreOn("blue", oldClients.name, connections, 2 * plainClients);
  });

  afterAll(async () => {
    stack.checkout = ownCheckout;
    await stack.pulumi(["destroy", "--yes", "--skip-preview"]);
    // A failed test may have left a stack that Pulumi can't destroy; the cluster is left clean all the same.
    await stack.kubectl(["delete", "namespace", stack.namespace, "--ignore-not-found"]);
    stack.remove();
    previous.remove();
  });

  test("first replaces the workers and brings the standby; the brokers that clients are on stay as they were, but for their configuration", async () => {
    stack.goOnWith(ownCheckout);
    await succeed(stack.npm("pin", ["blue"]));
    expect(await succeed(stack.up())).toContain("traffic: stays on blue");
    const { images } = await outputs();
    expect(images.blue).toBe(old.images.blue);
    expect(images.green).not.toBe(old.images.blue);
    expect(images.worker).not.toBe(old.images.worker);
    expect(await imagesOf(names.brokerApp, "blue")).toEqual([images.blue]);
    expect(await imagesOf(names.workerApp)).toEqual([images.worker]);
    expect(await selected(stack)).toEqual(["blue", "blue"]);
    // Nobody waited for the standby.
    await vi.waitFor(async () => expect(await imagesOf(names.brokerApp, "green")).toEqual([images.green]), { timeout: 120_000, interval: 1_000 });
    newClients = await mixedLoad(stack, "ours-this", images.green, connections, 5_000);
    await clientsAreOn("blue", newClients.name, 2 * connections, 2 * plainClients);
  });

  test("then moves clients to the new brokers, those of the previous release as well", async () => {
    await succeed(stack.npm("switch", ["green"]));
    expect(await selected(stack)).toEqual(["green", "green"]);
    await clientsAreOn("green", newClients.name, 2 * connections, 2 * plainClients);
  });

  test("can be taken back: clients of both releases are on the previous release's brokers again, which the new workers serve", async () => {
    await succeed(stack.npm("switch", ["blue"]));
    expect(await selected(stack)).toEqual(["blue", "blue"]);
    expect(await imagesOf(names.brokerApp, "blue")).toEqual([old.images.blue]);
    await clientsAreOn("blue", newClients.name, 2 * connections, 2 * plainClients);
  });

  test("lost no request on all these ways", async () => {
    const [ofPrevious, ofThis, ...ofPlain] = await Promise.all([oldClients.ledger(), newClients.ledger(), ...plain.map((pod) => pod.ledger())]);
    for (const ledgers of [
      { ours: ofPrevious, plain: ofPlain },
      { ours: ofThis, plain: [] },
    ]) {
      console.log(`an upgrade, and back\n${ledgersText(ledgers)}`);
      expectNothingLost(ledgers);
    }
  });

  test("left every key as it was", async () => {
    const { serverKeys, clientKeys } = await outputs();
    expect({ serverKeys, clientKeys }).toEqual({ serverKeys: old.serverKeys, clientKeys: old.clientKeys });
    expect(Object.keys(clientKeys)).toEqual(["shop"]);
    expect(await keysInCluster()).toEqual(keys);
  });

  test("is done with: the next update has nothing to do", async () => {
    await succeed(stack.pulumi(["preview", "--expect-no-changes"]));
  });
});
