import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { expect, test, vi } from "vitest";
import { createClient } from "../../services/client/client.ts";
import { listen } from "../../services/transport/listen.ts";
import type { Connection } from "../../services/transport/zmtp/connection.ts";
import { flag } from "../../services/transport/zmtp/frames.ts";
import { encodeGreeting, greetingBytes } from "../../services/transport/zmtp/greeting.ts";
import { encodeCommand, encodeMetadata } from "../../services/transport/zmtp/mechanism.ts";
import { claimAtOnce, claimWhenAdmitted, halfGreeting, knock, throwAt } from "./attacks.ts";
import { atEnd, freePort, metric, metricIs, start, startBroker, startWorker, waiting, zmq } from "./processes.ts";
import type { RunningBroker } from "./processes.ts";

async function stillServes(broker: RunningBroker): Promise<void> {
  const client = start("client", {}, ["request", "--service", "echo", "--body", "still here", "--address", broker.frontend, "--timeout-ms", "10000"]);
  expect([await client.exit, client.output().toString()]).toEqual([0, "still here"]);
}

/** A short command, in its frame. */
function command(name: string, data: Buffer): Buffer {
  const body = encodeCommand(name, data);
  return Buffer.concat([Buffer.of(flag.command, body.length), body]);
}

/** Sends bytes to a port, and holds the connection until the test lets go. */
async function thrownAt(port: number, bytes: Buffer): Promise<() => void> {
  const socket = await throwAt({ host: "127.0.0.1", port }, bytes);
  atEnd(() => socket.destroy());
  return () => socket.destroy();
}

const junk: [string, Buffer][] = [
  ["random bytes", randomBytes(100_000)],
  ["HTTP", Buffer.from("GET / HTTP/1.1\r\nHost: x\r\n\r\n")],
  ["TLS", Buffer.from("16030100c8010000c40303", "hex")],
  ["half a ZMTP greeting", halfGreeting],
  ["a greeting and nonsense", Buffer.concat([Buffer.from("ff00000000000000017f03004e554c4c", "hex"), Buffer.alloc(48), randomBytes(1000)])],
  ["nothing", Buffer.alloc(0)],
];

test("junk on both ports does no harm, and its connections are not counted for ever", async () => {
  const broker = await startBroker();
  await startWorker([broker], { SERVICE: "echo" });
  for (const [, bytes] of junk) {
    const letGo = [await thrownAt(broker.ports.frontend, bytes), await thrownAt(broker.ports.backend, bytes)];
    await stillServes(broker);
    for (const end of letGo) end();
  }
  await metricIs(broker.ports.metrics, 'zeromq_active_connections{side="frontend"', 0);
  await metricIs(broker.ports.metrics, 'zeromq_active_connections{side="backend"', 1);
});

/** A listener by itself, and how the one connection to it ends. */
async function listening(limits: Partial<Parameters<typeof listen>[0]["limits"]>, onOpen: (connection: Connection) => void = () => {}) {
  const ended = Promise.withResolvers<Error | undefined>();
  const unexpected = (...what: unknown[]): void => ended.reject(new Error(what.join(" ")));
  const listener = await listen({
    endpoint: `tcp://127.0.0.1:${await freePort()}`,
    limits: { maxFrameBytes: 1000, maxFrames: 10, maxUnsentBytes: 1000, handshakeTimeoutMs: 10_000, maxConnections: 10, maxHandshakes: 10, ...limits },
    onOpen,
    onMessage: unexpected,
    onClose: (_, error) => ended.resolve(error),
    onRefused: unexpected,
    onHandshakeFailure: (_, error) => ended.resolve(error),
  });
  atEnd(() => listener.close(0));
  return { listener, ended: ended.promise };
}

/** A peer that has shaken hands, and neither reads nor ends anything by itself. */
async function hangingPeer(port: number): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true }).on("error", () => {});
  atEnd(() => socket.destroy());
  await once(socket, "connect");
  socket.write(Buffer.concat([encodeGreeting("NULL", false), command("READY", encodeMetadata({ "Socket-Type": "DEALER" }))]));
  return socket;
}

test.each([
  ["half a greeting", halfGreeting],
  ["silence", Buffer.alloc(0)],
])("whoever never finishes the handshake is disconnected: %s", async (_, bytes) => {
  const { listener, ended } = await listening({ handshakeTimeoutMs: 200 });
  await thrownAt(listener.port, bytes);
  expect((await ended)?.message).toBe("no handshake within 200 ms");
});

const wrong: (string | Buffer)[][] = [
  [""],
  ["", ""],
  ["MDPC02"],
  ["MDPC02", "\x01"],
  ["MDPC02", "\x01", ""],
  ["", "MDPC01"],
  ["", "MDPC01", "echo"],
  ["MDPW02"],
  ["MDPW02", "\x01"],
  ["MDPW02", "\x04", "x"],
  ["MDPW02", "\x04", "", "", "body"],
  ["MDPW02", "\x07"],
  ["PING", "PING"],
  [randomBytes(5000)],
];

test("short, extra and wrong frames are dropped and counted on both ports", async () => {
  const broker = await startBroker();
  await startWorker([broker], { SERVICE: "echo" });
  for (const endpoint of [broker.frontend, broker.backend]) {
    const peer = new zmq.Dealer({ linger: 5_000 });
    peer.connect(endpoint);
    atEnd(() => peer.close());
    for (const frames of wrong) await peer.send(frames);
  }
  await metricIs(broker.ports.metrics, 'zeromq_messages_dropped_total{reason="malformed"', wrong.length * 2);
  await stillServes(broker);
});

test("a message beyond MAX_MESSAGE_SIZE costs its sender the connection, and nobody else", async () => {
  const broker = await startBroker({ MAX_MESSAGE_SIZE: "10000" });
  await startWorker([broker], { SERVICE: "echo" });
  const peer = new zmq.Dealer({ linger: 0, reconnectInterval: -1 });
  peer.connect(broker.frontend);
  atEnd(() => peer.close());
  const lost = new Promise((resolve) => peer.events.on("disconnect", resolve));
  await peer.send(["MDPC02", "\x01", "echo", Buffer.alloc(10_001)]);
  await lost;
  await stillServes(broker);
});

test("a frame that claims 2 GiB is ended at its header, in a handshake and after one, and costs nobody memory", async () => {
  const broker = await startBroker();
  await startWorker([broker], { SERVICE: "echo" });
  const resident = (): Promise<number | undefined> => metric(broker.ports.metrics, "process_resident_memory_bytes");
  const before = (await resident())!;
  for (const port of [broker.ports.frontend, broker.ports.backend]) {
    const target = { host: "127.0.0.1", port };
    // What is sent besides lies in the kernels' buffers.
    expect(await claimAtOnce(target, 2 ** 31, "NULL")).toBeLessThan(2 ** 26);
    expect(await claimWhenAdmitted(target, 2 ** 31)).toBeLessThan(2 ** 26);
    expect(await knock(target)).toBe("admitted");
  }
  expect((await resident())! - before).toBeLessThan(2 ** 28);
  await stillServes(broker);
});

test("our client's small requests are packed whatever MAX_MESSAGE_SIZE is, and one beyond it is refused by name", async () => {
  const broker = await startBroker({ MAX_MESSAGE_SIZE: "1000" });
  await startWorker([broker], { SERVICE: "echo" });
  const client = createClient({ endpoints: [broker.frontend] });
  atEnd(() => client.close());
  const small = Buffer.alloc(900, 1);
  expect(await Promise.all(Array.from({ length: 200 }, () => client.request("echo", small)))).toHaveLength(200);
  await expect(client.request("echo", Buffer.alloc(1001))).rejects.toMatchObject({ name: "TooLarge", executed: "no" });
});

test("whoever does not end a connection that is ended is disconnected", async () => {
  const { listener, ended } = await listening({ handshakeTimeoutMs: 3_000 }, (connection) => connection.end());
  await hangingPeer(listener.port);
  expect((await ended)?.message).toBe("the peer does not end the connection");
  expect(listener.connections).toBe(0);
});

test("a listener that closes waits for such a peer as long as it is told to, and no longer", async () => {
  const opened = Promise.withResolvers<void>();
  const { listener, ended } = await listening({ handshakeTimeoutMs: 600_000 }, (connection) => {
    connection.end();
    opened.resolve();
  });
  await hangingPeer(listener.port);
  await opened.promise;
  await listener.close(1);
  expect((await ended)?.message).toBe("the peer does not end the connection");
});

test("PINGs whose answers nobody reads cost their sender the connection before they cost the broker its memory", async () => {
  const { listener, ended } = await listening({ maxUnsentBytes: 100_000 });
  const socket = await hangingPeer(listener.port);
  const pings = Buffer.concat(Array.from({ length: 4_000 }, () => command("PING", Buffer.alloc(18))));
  // Until it is more than the kernels' buffers take, too.
  for (let sent = 0; sent < 50_000_000 && !socket.destroyed; sent += pings.length) await new Promise((resolve) => socket.write(pings, resolve));
  expect(listener.connections).toBe(0);
  expect((await ended)?.message).toBe("the peer sends PING and does not read");
});

test("a message of more than MAX_FRAMES costs its sender the connection, and nobody else", async () => {
  const broker = await startBroker({ MAX_FRAMES: "8" });
  await startWorker([broker], { SERVICE: "echo" });
  const peer = new zmq.Dealer({ linger: 0, reconnectInterval: -1 });
  peer.connect(broker.frontend);
  atEnd(() => peer.close());
  const lost = new Promise((resolve) => peer.events.on("disconnect", resolve));
  await peer.send(Array.from({ length: 500 }, () => randomBytes(3)));
  await lost;
  await stillServes(broker);
});

test("a routing id that a living connection has is refused to another, which gets none of its replies", async () => {
  const broker = await startBroker();
  const worker = new zmq.Dealer({ linger: 0, receiveTimeout: 20_000 });
  atEnd(() => worker.close());
  worker.connect(broker.backend);
  await worker.send(["MDPW02", "\x01", "held"]);
  const twin = (): InstanceType<typeof zmq.Dealer> => {
    const socket = new zmq.Dealer({ linger: 0, routingId: "twin", receiveTimeout: 20_000, reconnectInterval: 50 });
    atEnd(() => socket.close());
    socket.connect(broker.frontend);
    return socket;
  };
  const owner = twin();
  await owner.send(["MDPC02", "\x01", "held", "mine"]);
  const [, , address] = await worker.receive();
  const thief = twin();
  await thief.send(["MDPC02", "\x01", "mmi.service", "thief"]);
  await vi.waitFor(async () => expect(await metric(broker.ports.metrics, 'zeromq_handshake_failures_total{side="frontend"')).toBeGreaterThan(0), waiting);
  await worker.send(["MDPW02", "\x04", address!, "", "yours"]);
  expect((await owner.receive()).map(String)).toEqual(["MDPC02", "\x03", "held", "yours"]);
  owner.close();
  expect((await thief.receive()).map(String)).toEqual(["MDPC02", "\x03", "mmi.service", "404"]);
});

test("a peer that is refused its routing id never sees READY, and so keeps what it wanted to send", async () => {
  const broker = await startBroker();
  const owner = new zmq.Dealer({ linger: 0, routingId: "twin", receiveTimeout: 20_000 });
  atEnd(() => owner.close());
  owner.connect(broker.frontend);
  const roundTrip = async (): Promise<void> => {
    await owner.send(["MDPC02", "\x01", "mmi.service", "nobody"]);
    await owner.receive();
  };
  await roundTrip();
  const twin = connect(broker.ports.frontend, "127.0.0.1");
  atEnd(() => twin.destroy());
  const closed = once(twin, "close");
  let seen = Buffer.alloc(0);
  twin.on("data", (chunk: Buffer) => void (seen = Buffer.concat([seen, chunk])));
  await new Promise((resolve) => twin.write(encodeGreeting("NULL", false), resolve));
  await vi.waitFor(() => expect(seen.length).toBeGreaterThanOrEqual(greetingBytes), waiting);
  // Once the broker has answered another it has read the greeting: were it to say READY first, it would have.
  await roundTrip();
  await roundTrip();
  twin.write(command("READY", encodeMetadata({ "Socket-Type": "DEALER", Identity: "twin" })));
  await closed;
  expect(seen).toEqual(encodeGreeting("NULL", false));
});

test("requests beyond MAX_QUEUED_REQUESTS are dropped and counted, and names of services do not pile up", async () => {
  const broker = await startBroker({ MAX_QUEUED_REQUESTS: "100" });
  await startWorker([broker], { SERVICE: "echo" });
  const peer = new zmq.Dealer({ linger: 5_000 });
  peer.connect(broker.frontend);
  atEnd(() => peer.close());
  for (let index = 0; index < 1_000; index += 1) await peer.send(["MDPC02", "\x01", `nobody serves ${index}`, "x"]);
  await metricIs(broker.ports.metrics, 'zeromq_requests_rejected_total{bound="MAX_QUEUED_REQUESTS"', 900);
  expect(await metric(broker.ports.metrics, 'zeromq_queue_length{state="waiting"')).toBe(100);
});
