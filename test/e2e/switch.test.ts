import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type Color, names, otherColor } from "../../services/contract/names.ts";
import { brokersOf, crash, evict, selected } from "./brokers.ts";
import { expectNothingLost, expectPlainAnswered, type Ledgers, ledgersText, mixedLoad, plainClientImage, plainLoads } from "./load.ts";
import { type Outcome, succeed, TestStack } from "./stack.ts";

const workers = (replicas: number, level = "INFO") => [
  { service: "work", replicas, workerTimeoutSeconds: 35, env: { WORKER_CONCURRENCY: "200", LOG_LEVEL: level } },
  { service: "echo", replicas: 2, env: { WORKER_CONCURRENCY: "32" } },
];
const stack = new TestStack("switch", {
  broker: { replicas: 2 },
  standbyReplicas: 1,
  scaleDownDelaySeconds: 5,
  longestRequestSeconds: 35,
  rolloutDeadlineSeconds: 75,
  smoke: { service: "echo", request: "ping", reply: "ping", timeoutSeconds: 20 },
  workers: workers(2),
});
/** Clients of ours, each with a connection of its own, and plain ones of each version. */
const connections = 20;
const plainClients = 5;
let image = "";
let plainImage = "";

/** Runs a scenario under the mixed load. */
async function underLoad(scenario: string, longestMs: number, work: (pod: string) => Promise<void>): Promise<Ledgers> {
  const run = String(Date.now() % 1e8);
  const ours = await mixedLoad(stack, `ours-${run}`, image, connections, longestMs);
  const plain = await plainLoads(stack, `-${run}`, plainImage, plainClients);
  await vi.waitFor(
    async () => {
      const clients = (await brokersOf(stack, ours.name)).map(({ connectedClients }) => connectedClients);
      expect(clients.reduce((sum, one) => sum + one.ours, 0)).toBeGreaterThanOrEqual(connections);
      expect(clients.reduce((sum, one) => sum + one.plain, 0)).toBeGreaterThanOrEqual(2 * plainClients);
    },
    { timeout: 60_000, interval: 500 },
  );
  await work(ours.name);
  const ledgers = { ours: await ours.ledger(), plain: await Promise.all(plain.map((pod) => pod.ledger())) };
  console.log(`${scenario}\n${ledgersText(ledgers)}`);
  return ledgers;
}

/** Where a process was killed: what is lost is said to be, and whether it ran is not pretended to be known. */
function expectOnlyMaybeLost({ ours, plain }: Ledgers): void {
  const lost = Object.entries(ours.failed);
  expect(lost.filter(([name]) => !name.endsWith("(maybe)"))).toEqual([]);
  expect(ours.replied + lost.reduce((sum, [, count]) => sum + count, 0)).toBe(ours.sent);
  expect(ours).toMatchObject({ duplicated: 0, wrong: 0 });
  expectPlainAnswered(plain);
}

async function podsOf(app: string, color?: Color): Promise<string[]> {
  return (await stack.list("pods", color === undefined ? `app=${app}` : `app=${app},version=${color}`)).map(({ metadata }) => metadata.name as string);
}

async function switchTo(color: Color): Promise<void> {
  await stack.set("activeColor", color);
  await succeed(stack.up());
  expect(await selected(stack)).toEqual([color, color]);
}

/** Everything that updates left behind is through: the next scenario begins from rest. */
async function atRest(active: Color): Promise<void> {
  await vi.waitFor(
    async () => {
      expect(await podsOf(names.brokerApp, active)).toHaveLength(2);
      expect(await podsOf(names.brokerApp, otherColor(active))).toHaveLength(1);
    },
    { timeout: 120_000, interval: 1_000 },
  );
}

beforeAll(async () => {
  await succeed(stack.kubectl(["delete", "namespace", stack.namespace, "--ignore-not-found"])); // of a run that was killed
  await succeed(stack.init());
  const text = await succeed(stack.up());
  expect(text).toContain("traffic: none yet → blue");
  image = JSON.parse((await stack.pulumi(["stack", "output", "images", "--json"])).stdout.toString()).blue;
  plainImage = await plainClientImage(stack, stack.registry, stack.imageRegistry);
});

afterAll(async () => {
  await stack.pulumi(["destroy", "--yes", "--skip-preview"]);
  // A failed test may have left a stack that Pulumi can't destroy; the cluster is left clean all the same.
  await stack.kubectl(["delete", "namespace", stack.namespace, "--ignore-not-found"]);
  stack.remove();
});

describe("a preview", () => {
  test("says in words what an update does to traffic", async () => {
    expect(await succeed(stack.pulumi(["preview", "--expect-no-changes"]))).toContain("traffic: stays on blue 0.1.0");
    await stack.set("activeColor", "green");
    expect(await succeed(stack.pulumi(["preview"]))).toMatch(/traffic: blue 0\.1\.0 → green 0\.1\.0\n\s*The way back: npm run switch -- blue/);
    await stack.set("activeColor", "blue");
    await stack.set("images.green", `1.5.0@sha256:${"d".repeat(64)}`);
    expect(await succeed(stack.pulumi(["preview"]))).toMatch(/traffic: stays on blue 0\.1\.0\n\s*green 1\.5\.0: new image, no traffic/);
    await stack.set("images.green", "worktree");
  });

  test("of a pinned colour shows no change, and neither does a second update", async () => {
    await succeed(stack.npm("pin", ["blue"]));
    await succeed(stack.pulumi(["preview", "--expect-no-changes"]));
    await succeed(stack.pulumi(["up", "--yes", "--skip-preview", "--expect-no-changes"]));
    const { stdout } = await stack.pulumi(["config", "get", "--path", "images.blue"]);
    expect(stdout.toString().trim()).toBe(`0.1.0@${image.split("@")[1]}`);
  });
});

describe("under load, nothing is lost", () => {
  test("from blue to green and back, with requests of up to 30 s: our clients have left when the old colour shrinks, and so have plain ones", async () => {
    const ledgers = await underLoad("blue → green → blue", 30_000, async (pod) => {
      for (const [from, to] of [
        ["blue", "green"],
        ["green", "blue"],
      ] as const) {
        const startedAtMs = Date.now();
        const lastSeconds = { ours: 0, plain: 0, requests: 0 };
        let through = false;
        const watch = (async () => {
          for (;;) {
            const old = (await brokersOf(stack, pod)).filter(({ color }) => color === from);
            const seconds = Math.round((Date.now() - startedAtMs) / 1000);
            if (old.some(({ connectedClients }) => connectedClients.ours > 0)) lastSeconds.ours = seconds;
            if (old.some(({ connectedClients }) => connectedClients.plain > 0)) lastSeconds.plain = seconds;
            if (old.some(({ waiting, held }) => waiting + held > 0)) lastSeconds.requests = seconds;
            if (through) return old;
          }
        })();
        await switchTo(to);
        const tookSeconds = Math.round((Date.now() - startedAtMs) / 1000);
        through = true;
        const old = await watch;
        expect(old.map(({ role }) => role)).not.toContain("active");
        expect(old.reduce((sum, { connectedClients }) => sum + connectedClients.ours + connectedClients.plain, 0)).toBe(0);
        console.log(`${from} → ${to}: pulumi up ${tookSeconds} s; seen last on ${from} after s: ${JSON.stringify(lastSeconds)}`);
        await atRest(to);
      }
    });
    expectNothingLost(ledgers);
  });

  test("when the target does not become ready: the update fails and says why, and traffic never moved", async () => {
    await stack.set("images.green", `1.5.0@sha256:${"d".repeat(64)}`);
    const ledgers = await underLoad("a target that does not become ready", 5_000, async () => {
      const { exitCode, text } = await stack.npm("switch", ["green"], undefined);
      expect(exitCode).toBe(1);
      expect(text).toMatch(/zeromq-broker-green[^]*(ErrImagePull|ImagePullBackOff)/);
      expect(text).toContain("Traffic goes to blue, as before");
      expect(await selected(stack)).toEqual(["blue", "blue"]);
    });
    await stack.set("images.green", "worktree");
    await succeed(stack.up());
    expectNothingLost(ledgers);
  });

  test("when the target answers wrongly: the gate fails the update, and traffic never moved", async () => {
    const ledgers = await underLoad("a target that answers wrongly", 5_000, async () => {
      await stack.set("smoke.reply", "pong");
      await stack.set("activeColor", "green");
      const { exitCode, text } = await stack.up();
      expect(exitCode).not.toBe(0);
      expect(text).toMatch(/zeromq-switch-gate[^]*service "echo" through the green broker [^]*answers "ping"; right is "pong"/);
      expect(text).toContain("Traffic was not moved to green");
      expect(await selected(stack)).toEqual(["blue", "blue"]);
      await stack.set("smoke.reply", "ping");
      await switchTo("blue");
    });
    await atRest("blue");
    expectNothingLost(ledgers);
  });

  test("when the way to the target turns out to be broken: the update fails, and the switch goes back by itself", async () => {
    // kube-proxy leaves a Service with this label to somebody else, whom there is none of: its address leads nowhere.
    const label = "service.kubernetes.io/service-proxy-name";
    const ledgers = await underLoad("a way that is broken", 5_000, async () => {
      await succeed(stack.kubectl(["label", "service", names.brokerService, `${label}=nobody`]));
      let mended: Promise<Outcome> | undefined;
      const { exitCode, text } = await stack.npm("switch", ["green"], (line) => {
        if (line.includes("going back to blue")) mended ??= stack.kubectl(["label", "service", names.brokerService, `${label}-`]);
      });
      await mended;
      expect(exitCode).toBe(1);
      expect(text).toMatch(/zeromq-switch-confirm[^]*Traffic goes to green\. The way back: npm run switch -- blue/);
      expect(text).toContain("Traffic goes to blue, as before");
      expect(await selected(stack)).toEqual(["blue", "blue"]);
    });
    await atRest("blue");
    expectNothingLost(ledgers);
  });

  test("when the update is killed once traffic has moved, and run again", async () => {
    const ledgers = await underLoad("an update that is killed in mid-switch", 10_000, async () => {
      await stack.set("activeColor", "green");
      await succeed(stack.killedUp(async () => (await selected(stack)).includes("green")));
      await succeed(stack.up());
      expect(await selected(stack)).toEqual(["green", "green"]);
    });
    await atRest("green");
    expectNothingLost(ledgers);
  });

  test("when one goes back while clients still leave the old colour", async () => {
    const moves = async (): Promise<boolean> => (await stack.list("jobs", "step=move")).some(({ status }) => status.active === 1);
    const ledgers = await underLoad("back while the first switch still drains", 20_000, async () => {
      await stack.set("activeColor", "blue");
      await succeed(stack.killedUp(moves));
      expect(await selected(stack)).toEqual(["blue", "blue"]);
      await succeed(stack.npm("switch", ["green"]));
      expect(await selected(stack)).toEqual(["green", "green"]);
    });
    await atRest("green");
    expectNothingLost(ledgers);
  });

  test("when the workers become more in the same update, and fewer in the next", async () => {
    const ledgers = await underLoad("workers that scale during the switch", 10_000, async () => {
      for (const [replicas, color] of [
        [4, "blue"],
        [2, "green"],
      ] as const) {
        await stack.set("workers[0].replicas", String(replicas));
        await switchTo(color);
        expect(await stack.list("pods", "app=zeromq-worker,service=work")).not.toHaveLength(0);
      }
    });
    await atRest("green");
    expectNothingLost(ledgers);
  });

  test("when brokers and workers are evicted, as many at a time as their budgets allow", async () => {
    const ledgers = await underLoad("evictions", 5_000, async () => {
      const pods = [...(await podsOf(names.brokerApp)), ...(await podsOf(names.workerApp))];
      const forbidden = await evict(stack, pods);
      expect(forbidden).toBeGreaterThan(0);
      await succeed(stack.kubectl(["wait", "--for=condition=Available", "deployment", "--all", "--timeout=180s"]));
      expect((await podsOf(names.brokerApp, "green")).filter((pod) => pods.includes(pod) === false)).not.toEqual([]);
    });
    await atRest("green");
    expectNothingLost(ledgers);
  });

  test("when the active colour's brokers are replaced by an ordinary rolling update, and then the workers", async () => {
    const ledgers = await underLoad("rolling updates of brokers, then of workers", 5_000, async () => {
      const before = [...(await podsOf(names.brokerApp)), ...(await podsOf(names.workerApp))];
      await stack.set("broker.receiveTimeoutMs", "4999");
      await succeed(stack.up());
      await stack.set("workers[0].env.LOG_LEVEL", "WARNING");
      await stack.set("workers[1].env.LOG_LEVEL", "WARNING");
      await succeed(stack.up());
      await atRest("green");
      // The last ones to go finish what they hold.
      await vi.waitFor(
        async () => {
          const after = [...(await podsOf(names.brokerApp)), ...(await podsOf(names.workerApp))];
          expect(after.filter((pod) => before.includes(pod))).toEqual([]);
        },
        { timeout: 120_000, interval: 1_000 },
      );
    });
    expectNothingLost(ledgers);
  });
});

describe("in worse weather", () => {
  test("a broker of each colour that is killed in mid-switch costs what it held, and says so", async () => {
    const ledgers = await underLoad("brokers that are killed in mid-switch", 10_000, async () => {
      await stack.set("activeColor", "blue");
      const update = stack.up();
      await vi.waitFor(async () => expect(await selected(stack)).toContain("blue"), { timeout: 120_000, interval: 200 });
      crash((await podsOf(names.brokerApp, "green"))[0]!);
      crash((await podsOf(names.brokerApp, "blue"))[0]!);
      await succeed(update);
    });
    await atRest("blue");
    expectOnlyMaybeLost(ledgers);
  });
});

describe("a person sees", () => {
  test("which colour is active, what each runs, and who is connected where", async () => {
    const text = await succeed(stack.npm("status", []));
    expect(text).toMatch(/^active {3}blue +0\.1\.0 +2 brokers, \d+ clients, \d+ requests +\S+@sha256:[0-9a-f]{64}$/m);
    expect(text).toMatch(/^standby {2}green +0\.1\.0 +1 brokers/m);
    expect(text).toMatch(/^blue +active +0\.1\.0 +[\d.]+:5555/m);
    expect(text).toMatch(/^green +standby +0\.1\.0/m);
  });
});
