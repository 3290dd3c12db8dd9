import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Report } from "../../services/client/ledger.ts";
import { image } from "../../services/contract/image.ts";
import { metrics } from "../../services/contract/metrics.ts";
import { names } from "../../services/contract/names.ts";
import { httpPaths, ports } from "../../services/contract/ports.ts";
import { CommandLines } from "./command-lines.ts";
import type { Chapter } from "./guide/chapter.ts";
import { Guests } from "./guide/guests.ts";
import { resources } from "./guide/looks.ts";
import { Reader } from "./guide/reader.ts";
import { beginning, ending, underLoad } from "./guide/story.ts";
import { expectNothingLost, type Ledgers, ledgersText, LoadPod, type PlainLedger, plainClientImage } from "./load.ts";
import { findings, peerKeys, secretHalves, type SecretHalves, shown } from "./secrets.ts";
import { ownCheckout, printed, succeed } from "./stack.ts";

const reader = new Reader("guide", {
  protect: true,
  broker: { replicas: 2, resources },
  scaleDownDelaySeconds: 5,
  longestRequestSeconds: 20,
  rolloutDeadlineSeconds: 240,
  smoke: { service: "echo", request: "ping", reply: "ping", timeoutSeconds: 20 },
  clients: [{ name: "demo" }],
  workers: [
    { service: "gzip", replicas: 2, resources },
    { service: "echo", replicas: 1, resources, env: { WORKER_CONCURRENCY: "32" } },
  ],
});
const commandLines = new CommandLines();
let guests: Guests | undefined;
let load: { ours: LoadPod<Report>; plain: LoadPod<PlainLedger>[] };
/** Of every key that there was at some time. */
const halves = new Map<string, string>();
/** Of clients that know no more than libzmq, by the version of Majordomo that they speak. */
const plainPods = ["plain-0-1", "plain-0-2"];
const makesKeys = /clients -- add|rotate -- next/;

function tell({ guide, heading, steps }: Chapter): void {
  describe(`${guide}, "${heading}"`, () => {
    for (const step of steps) {
      test(`${step.types}: ${step.so}`, async () => {
        const cast = { reader, guests: () => guests!, plainPod: plainPods[0]! };
        await step.before?.(cast);
        const printed = await succeed(reader.types(step.types, step));
        if (makesKeys.test(step.types)) await remember(secretHalves(reader));
        await step.shows?.(cast, printed);
      });
    }
  });
}

async function remember(all: Promise<SecretHalves>): Promise<void> {
  for (const [whose, key] of await all) halves.set(whose, key);
}

beforeAll(async () => {
  await succeed(reader.kubectl(["delete", "namespace", reader.namespace, "--ignore-not-found"])); // of a run that was killed
  await succeed(reader.init());
});

afterAll(async () => {
  commandLines.stop();
  // A failed test may have left a stack that Pulumi can't destroy; the cluster is left clean all the same.
  await reader.kubectl(["delete", "namespace", reader.namespace, "--ignore-not-found"]);
  reader.remove();
});

tell(beginning);

test("from here on clients of ours and plain ones send requests, whatever the reader does", async () => {
  const reference = JSON.parse((await reader.pulumi(["stack", "output", "images", "--json"])).stdout.toString()).blue;
  const plainImage = await plainClientImage(reader, reader.registry, reader.imageRegistry);
  const frontend = `tcp://${names.brokerService}:${ports.frontend}`;
  const steady = ["--service", "echo", "--connections", "4", "--rate", "20", "--timeout-ms", "60000"];
  load = {
    ours: await LoadPod.ours(reader, "ours", reference, ["--address", frontend, ...steady]),
    plain: await Promise.all(plainPods.map((name) => LoadPod.plain(reader, name, plainImage, [frontend, name.replace("plain-", "").replace("-", "."), "1"]))),
  };
  guests = await Guests.start(reader, reference);
  await remember(secretHalves(reader));
});

for (const chapter of underLoad) tell(chapter);

describe("whoever wants in, or to do harm, while requests go on being answered", () => {
  /** The attacks of the integration tests, in a pod: its image has `services/` as /app. */
  const attacks = readFileSync(join(ownCheckout, "test/integration/attacks.ts"), "utf8").replaceAll('"../../services/', '"/app/');
  const met: [string, string][] = [];
  /** Handshakes that failed, at all brokers. */
  const refusals = async (): Promise<number> => {
    const program = `console.log(await (await fetch("http://127.0.0.1:${ports.metrics}${httpPaths.metrics}")).text())`;
    const brokers = await reader.list("pods", `app=${names.brokerApp}`);
    const texts = await Promise.all(
      brokers.map(({ metadata }) => printed(reader.kubectl(["exec", metadata.name, "--", image.node, "--input-type=module", "--eval", program]))),
    );
    const lines = texts.flatMap((text) => text.split("\n")).filter((line) => line.startsWith(`${metrics.handshakeFailures.name}{`));
    return lines.reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
  };
  const attack = async <T>(expression: string): Promise<T> =>
    JSON.parse(
      await guests!.run(`
      import { readFileSync } from "node:fs";
      import { createClient } from "/app/client/client.ts";
      import { createKeyPair } from "/app/transport/curve-keys.ts";
      import { parsePeerKeys } from "/app/transport/peer-keys.ts";
      ${attacks}
      const frontend = { host: "${names.brokerService}", port: ${ports.frontend} };
      const backend = { host: "${names.headlessService}", port: ${ports.backend} };
      const keysOf = (file: string) => parsePeerKeys(file, readFileSync(\`/keys/\${file}\`, "utf8"));
      console.log(JSON.stringify(await (${expression})));
      process.exit();`),
    ) as T;

  beforeAll(async () => {
    const { serverKey, publicKey, secretKey } = await peerKeys(reader, names.workerKeysSecret);
    await guests!.give("workers", `CURVE_SERVER_KEY=${[serverKey].flat().join(",")}\nCURVE_PUBLIC_KEY=${publicKey}\nCURVE_SECRET_KEY=${secretKey}\n`);
  });
  afterAll(() => console.log(met.map(([who, what]) => `  ${who.padEnd(45)} ${what}`).join("\n")));

  test.each([
    ["no key", "knock(frontend)", /the peer speaks CURVE, this side NULL/],
    ["a key that nobody made known", 'knock(frontend, { ...createKeyPair(), serverKey: keysOf("stack.keys").serverKey })', /does not admit our key \(400\)/],
    ["a worker's key at the frontend", 'knock(frontend, keysOf("workers"))', /does not admit our key \(400\)/],
    // Where the network enforces policies it does not even come there.
    ["a client's key at the backend", 'knock(backend, keysOf("stack.keys"))', /does not admit our key \(400\)|no answer/],
    [
      "another broker's server key",
      'knock(frontend, { ...keysOf("stack.keys"), serverKey: createKeyPair().publicKey })',
      /does not have the server key that this side expects/,
    ],
  ])("%s is refused, and is told why", async (who, expression, reason) => {
    const answer = await attack<string>(expression);
    met.push([who, answer]);
    expect(answer).toMatch(reason);
  });

  test("the same knock with an admitted key is let in", async () => {
    expect(await attack('knock(frontend, keysOf("stack.keys"))')).toBe("admitted");
  });

  test.each([
    ["a frame of 2 GiB instead of a handshake", 'claimAtOnce(frontend, 2 ** 31, "CURVE")'],
    ["a frame of 2 GiB with an admitted key", 'claimWhenAdmitted(frontend, 2 ** 31, keysOf("stack.keys"))'],
  ])("%s is ended at its header", async (who, expression) => {
    const taken = await attack<number>(expression);
    met.push([who, `the connection ended; ${Math.round(taken / 1024)} KiB had left, 2 GiB had not`]);
    expect(taken).toBeLessThan(2 ** 27);
  });

  test("a thousand half-open connections keep nobody out, and are closed", async () => {
    const before = await refusals();
    const { opened, newcomer, open, closed } = await attack<{ opened: number; newcomer: string; open: number; closed: number }>(`(async () => {
      const sockets = await halfOpen(frontend, 1000);
      const opened = sockets.length;
      const client = createClient({ endpoints: ["tcp://${names.brokerService}:${ports.frontend}"], curve: { file: "/keys/stack.keys" } });
      const newcomer = String(await client.request("echo", "hello", { timeoutMs: 30_000 }));
      client.close();
      const open = sockets.filter((socket) => !socket.closed).length;
      await Promise.all(sockets.map((socket) => socket.closed || once(socket, "close")));
      return { opened, newcomer, open, closed: sockets.filter((socket) => socket.closed).length };
    })()`);
    met.push(["a thousand half-open connections", `a newcomer was answered beside ${open} of them; ${closed} were closed by the brokers`]);
    expect({ opened, newcomer, closed }).toEqual({ opened: 1000, newcomer: "hello", closed: 1000 });
    expect((await refusals()) - before).toBeGreaterThanOrEqual(1000);
  });

  test("requests went on being answered, by the same brokers", async () => {
    await guests!.areAnswered("till", "stays", "comesAnew");
    for (const { metadata, status } of await reader.list("pods", `app=${names.brokerApp}`))
      expect(status.containerStatuses[0].restartCount, metadata.name).toBe(0);
  });
});

describe("when all that is done", () => {
  test.each(["stack", "till"])("%s, who had both keys while they were changed, never had a request fail", async (name) => {
    for (const manner of ["stays", "comesAnew"] as const) {
      const ledger = await guests!.ledger(name, manner);
      console.log(`${name} ${manner}: ${JSON.stringify(ledger)}`);
      expect(ledger).toMatchObject({ failed: 0, last: "answered" });
    }
  });

  test("no request was lost", async () => {
    const ledgers: Ledgers = { ours: await load.ours.ledger(), plain: await Promise.all(load.plain.map((pod) => pod.ledger())) };
    console.log(`the whole story\n${ledgersText(ledgers)}`);
    expectNothingLost(ledgers);
  });

  test("no secret half of a key, old or new, can be read where it should not be", async () => {
    await remember(secretHalves(reader));
    expect([...halves.keys()].filter((whose) => whose.startsWith("the brokers'"))).toHaveLength(2);
    const places = await shown(reader);
    places.set("this machine's list of processes", commandLines.text);
    places.set("what the commands printed", reader.transcript.join("\n"));
    expect(commandLines.text).toContain("rotate");
    expect(findings(halves, places)).toEqual([]);
    expect(findings(halves, new Map([["shop.keys", readFileSync(join(reader.checkout, "shop.keys"), "utf8")]]))).toHaveLength(1);
  });
});

tell(ending);
