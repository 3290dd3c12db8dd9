import { randomInt } from "node:crypto";
import { connect } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { fromClient } from "../../services/majordomo/extension/client.ts";
import { fromWorker } from "../../services/majordomo/extension/worker.ts";
import { RecordWriter } from "../../services/majordomo/extension/writer.ts";
import { flag, headerBytes, writeHeader } from "../../services/transport/zmtp/frames.ts";
import { encodeGreeting } from "../../services/transport/zmtp/greeting.ts";
import { encodeCommand, encodeMetadata } from "../../services/transport/zmtp/mechanism.ts";
import { createRandom } from "../simulation/random.ts";
import type { Random } from "../simulation/random.ts";
import { honest, ledgers, served, steady } from "./ledgers.ts";
import { atEnd, metric, metricIs, startBroker, startWorker, waiting } from "./processes.ts";

/** `FUZZ_SEED=… npx vitest …` throws the same bytes again. */
const seed = Number(process.env["FUZZ_SEED"] ?? randomInt(2 ** 31));
const connections = 600;

function noise(random: Random, atMost: number): Buffer {
  return Buffer.from(Array.from({ length: random.between(0, atMost) }, () => random.between(0, 255)));
}

function frame(flags: number, body: Buffer): Buffer {
  const bytes = Buffer.alloc(headerBytes(body.length) + body.length);
  body.copy(bytes, writeHeader(bytes, 0, flags, body.length));
  return bytes;
}

const message = (frames: readonly Buffer[]): Buffer => Buffer.concat(frames.map((body, index) => frame(index < frames.length - 1 ? flag.more : 0, body)));

/** Our wire's, Majordomo's, and those of versions that nobody has written yet. */
const headers = ["MDPC01", "MDPC02", "MDPW01", "MDPW02", "ZSTC01", "ZSTW01", "ZSTC02", "ZSTW99", "MDPC03", "PING", ""].map((text) => Buffer.from(text));

function records(random: Random): Buffer[] {
  const writer = new RecordWriter();
  const name = random.pick(["faulty", "fuzz"]);
  if (random.chance(0.5)) {
    fromClient.hello(writer, random.between(0, 2), random.between(0, 3), "00112233445566ff");
    fromClient.request(
      writer,
      random.between(0, 9),
      random.between(0, 50),
      random.chance(0.5),
      "fuzz",
      random.chance(0.5) ? "trace" : undefined,
      random.between(0, 3),
      noise(random, 6_000),
    );
    fromClient.cancel(writer, random.between(0, 9));
    fromClient.partialCredit(writer, random.between(0, 9), random.between(0, 2 ** 31));
    if (random.chance(0.3)) fromClient.disconnect(writer);
  } else {
    fromWorker.hello(writer, 1, 1, "00112233445566ff");
    // A worker of the others' service would be given their requests, as it ought to be.
    fromWorker.ready(writer, name === "faulty" ? "fuzz" : name);
    fromWorker.credit(writer, random.between(0, 2 ** 31));
    fromWorker.started(writer, random.between(0, 9));
    fromWorker.reply(writer, random.between(0, 9), noise(random, 6_000));
    if (random.chance(0.3)) fromWorker.leaving(writer);
  }
  return [...writer.take()];
}

/** What Majordomo's own peers say, wherever and whenever they ought to say it or not. */
function plain(random: Random): Buffer[] {
  const body = noise(random, 6_000);
  const empty = Buffer.alloc(0);
  const [client, worker] = random.chance(0.5) ? ["MDPC01", "MDPW01"] : ["MDPC02", "MDPW02"];
  const command = (code: number, ...frames: Buffer[]): Buffer[] => [Buffer.from(worker), Buffer.of(code), ...frames];
  return random.pick([
    [Buffer.from(client), ...(client === "MDPC02" ? [Buffer.of(1)] : []), Buffer.from("fuzz"), body],
    command(1, Buffer.from("fuzz")),
    command(random.between(3, 4), Buffer.of(random.between(0, 9)), empty, body),
    command(random.between(4, 6)),
  ]);
}

const anything = (random: Random): Buffer[] => [
  random.pick(headers),
  ...Array.from({ length: random.between(0, 7) }, () => (random.chance(0.4) ? Buffer.of(random.between(0, 8)) : noise(random, 40))),
];

/** What a peer might say after the handshake, if nobody had told it how. */
function conversation(random: Random): Buffer {
  const messages: Buffer[] = [];
  for (let count = random.between(1, 12); count > 0; count -= 1) {
    const frames = random.pick([records, plain, anything])(random);
    if (random.chance(0.2)) frames.unshift(Buffer.alloc(0));
    if (random.chance(0.05)) frames.push(Buffer.alloc(random.between(90_000, 120_000)));
    messages.push(message(frames));
  }
  return Buffer.concat(messages);
}

function bytes(random: Random): Buffer {
  if (random.chance(0.1)) return noise(random, 2_000);
  const greeting = encodeGreeting(random.chance(0.1) ? "CURVE" : "NULL", false);
  const ready = frame(
    flag.command,
    encodeCommand(
      "READY",
      encodeMetadata({ "Socket-Type": random.pick(["DEALER", "DEALER", "DEALER", "REQ", "PUB"]), Identity: random.chance(0.2) ? "twin" : "" }),
    ),
  );
  const all = Buffer.concat([greeting, random.chance(0.1) ? noise(random, 200) : ready, conversation(random)]);
  for (let count = random.chance(0.5) ? random.between(1, 5) : 0; count > 0; count -= 1) all[random.between(0, all.length - 1)] = random.between(0, 255);
  return random.chance(0.4) ? all.subarray(0, random.between(0, all.length)) : all;
}

test(`whatever bytes come to its ports, a broker goes on serving (FUZZ_SEED=${seed})`, async () => {
  const random = createRandom(seed);
  const broker = await startBroker({ MAX_MESSAGE_SIZE: "100000", RCVTIMEO: "500", CLIENT_GRACE: "0.1" });
  const worker = ledgers();
  await startWorker([broker], worker(0));
  const traffic = steady([broker.frontend], worker.files);
  await served(broker, 50);
  for (let count = 0; count < connections; count += 1) {
    const socket = connect(random.pick([broker.ports.frontend, broker.ports.backend]), "127.0.0.1");
    socket.on("error", () => {}).resume();
    atEnd(() => socket.destroy());
    const thrown = bytes(random);
    const cut = random.between(0, thrown.length);
    await new Promise((resolve) => socket.once("connect", resolve).once("error", resolve));
    socket.write(thrown.subarray(0, cut));
    await turn();
    if (random.chance(0.8)) socket.end(thrown.subarray(cut));
    else socket.resetAndDestroy();
  }
  await served(broker, 200);
  const report = await traffic.stop();
  honest(report);
  expect(report.failed).toEqual({});
  expect(broker.lines().filter(({ level }) => level === "ERROR" || level === "CRITICAL")).toEqual([]);
  expect(broker.errors()).toBe("");
  // Nothing of all that is left: neither connections, nor requests, nor services.
  await metricIs(broker.ports.metrics, 'zeromq_active_connections{side="frontend"', 0);
  await metricIs(broker.ports.metrics, 'zeromq_active_connections{side="backend"', 1);
  await vi.waitFor(
    async () =>
      expect([await metric(broker.ports.metrics, "zeromq_queue_bytes"), await metric(broker.ports.metrics, 'zeromq_known{kind="services"')]).toEqual([0, 1]),
    waiting,
  );
});
