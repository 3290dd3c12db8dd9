import { expect, test } from "vitest";
import { atEnd, metricIs, start, startBroker, startWorker, zmq } from "./processes.ts";
import type { RunningBroker } from "./processes.ts";

/** Peers made of libzmq and the RFCs' bytes alone, as one in another language would be. */
function request(endpoint: string) {
  const socket = new zmq.Request({ linger: 0, receiveTimeout: 20_000 });
  socket.connect(endpoint);
  atEnd(() => socket.close());
  return socket;
}

function dealer(endpoint: string) {
  const socket = new zmq.Dealer({ linger: 0, receiveTimeout: 20_000 });
  socket.connect(endpoint);
  atEnd(() => socket.close());
  return socket;
}

type Dealer = ReturnType<typeof dealer>;

async function receive(socket: { receive(): Promise<Buffer[]> }): Promise<string[]> {
  return (await socket.receive()).map((frame) => frame.toString("latin1"));
}

/** The next message that is not a heartbeat (`heartbeat` is the command's byte). */
async function next(worker: Dealer, heartbeat: string): Promise<Buffer[]> {
  for (;;) {
    const frames = await worker.receive();
    if (frames.at(-1)!.toString("latin1") !== heartbeat) return frames;
  }
}

async function workers(broker: RunningBroker, service: string, code: string): Promise<void> {
  const client = request(broker.frontend);
  for (let answer = ""; answer !== code; ) {
    await client.send(["MDPC01", "mmi.service", service]);
    [, , answer = ""] = await receive(client);
  }
}

test("the seed's REQ sends PING and gets PONG", async () => {
  const client = request((await startBroker()).frontend);
  await client.send("PING");
  expect(await receive(client)).toEqual(["PONG"]);
});

test("an MDP/0.1 client and our worker", async () => {
  const broker = await startBroker();
  await startWorker([broker], { SERVICE: "echo" });
  const client = request(broker.frontend);
  await client.send(["MDPC01", "echo", "Hello", "", "world"]);
  expect(await receive(client)).toEqual(["MDPC01", "echo", "Helloworld"]);
});

test("an MDP/0.1 worker and our client", async () => {
  const broker = await startBroker();
  const worker = dealer(broker.backend);
  await worker.send(["", "MDPW01", "\x01", "upper"]);
  const client = start("client", {}, ["request", "--service", "upper", "--body", "hello", "--address", broker.frontend]);
  const [empty, header, command, address, delimiter, ...body] = await next(worker, "\x04");
  expect([empty, header, command, delimiter, ...body].map(String)).toEqual(["", "MDPW01", "\x02", "", "hello"]);
  await worker.send(["", "MDPW01", "\x03", address!, "", "HELLO"]);
  expect([await client.exit, client.output().toString()]).toEqual([0, "HELLO"]);
});

test("an MDP/0.2 client with many requests outstanding gets every reply, an empty body's too", async () => {
  const broker = await startBroker();
  await startWorker([broker], { SERVICE: "echo" });
  const client = dealer(broker.frontend);
  const bodies = Array.from({ length: 500 }, (_, index) => (index === 250 ? "" : `body ${index}`));
  for (const body of bodies) await client.send(["MDPC02", "\x01", "echo", body]);
  // A worker that stalls hands requests back, so replies may come in another order.
  const replies: string[][] = [];
  while (replies.length < bodies.length) replies.push(await receive(client));
  expect(replies.sort()).toEqual(bodies.map((body) => ["MDPC02", "\x03", "echo", body]).sort());
});

test("an MDP/0.2 worker's partial replies reach an MDP/0.2 client", async () => {
  const broker = await startBroker();
  const worker = dealer(broker.backend);
  await worker.send(["MDPW02", "\x01", "count"]);
  const client = dealer(broker.frontend);
  await client.send(["MDPC02", "\x01", "count", "2"]);
  const [, , address] = await next(worker, "\x05");
  await worker.send(["MDPW02", "\x03", address!, "", "one"]);
  await worker.send(["MDPW02", "\x04", address!, "", "two"]);
  expect(await receive(client)).toEqual(["MDPC02", "\x02", "count", "one"]);
  expect(await receive(client)).toEqual(["MDPC02", "\x03", "count", "two"]);
});

test("a worker's late reply and a reply that comes twice reach nobody, and are counted", async () => {
  const broker = await startBroker({ PLAIN_WORKER_TIMEOUT: "0.5" });
  const client = dealer(broker.frontend);
  const slow = dealer(broker.backend);
  await slow.send(["MDPW02", "\x01", "count"]);
  await client.send(["MDPC02", "\x01", "count", "one"]);
  const [, , first] = await next(slow, "\x05");
  expect((await next(slow, "\x05")).map(String)).toEqual(["MDPW02", "\x06"]);
  const quick = dealer(broker.backend);
  await quick.send(["MDPW02", "\x01", "count"]);
  const [, , second] = await next(quick, "\x05");
  for (const body of ["right", "again"]) await quick.send(["MDPW02", "\x04", second!, "", body]);
  // To its own old delivery, and to one that is another's.
  const late = dealer(broker.backend);
  await late.send(["MDPW02", "\x01", "count"]);
  for (const address of [first!, second!]) await late.send(["MDPW02", "\x04", address, "", "late"]);
  await metricIs(broker.ports.metrics, 'zeromq_messages_dropped_total{reason="stale_reply"', 3);
  await client.send(["MDPC02", "\x01", "mmi.service", "count"]);
  expect([await receive(client), await receive(client)]).toEqual([
    ["MDPC02", "\x03", "count", "right"],
    ["MDPC02", "\x03", "mmi.service", "200"],
  ]);
});

test("mmi.service knows which services have workers", async () => {
  const broker = await startBroker();
  await workers(broker, "upper", "404");
  const worker = dealer(broker.backend);
  await worker.send(["", "MDPW01", "\x01", "upper"]);
  await workers(broker, "upper", "200");
  await worker.send(["", "MDPW01", "\x05"]);
  await workers(broker, "upper", "404");
});

test("a worker's second READY is answered with DISCONNECT", async () => {
  const broker = await startBroker();
  const worker = dealer(broker.backend);
  await worker.send(["", "MDPW01", "\x01", "upper"]);
  await worker.send(["", "MDPW01", "\x01", "upper"]);
  expect((await next(worker, "\x04")).map(String)).toEqual(["", "MDPW01", "\x05"]);
  await metricIs(broker.ports.metrics, 'zeromq_messages_dropped_total{reason="unexpected_command"', 1);
});

test("a worker that falls silent is told DISCONNECT", async () => {
  const broker = await startBroker({ HEARTBEAT_INTERVAL: "0.1" });
  const worker = dealer(broker.backend);
  await worker.send(["MDPW02", "\x01", "upper"]);
  expect((await next(worker, "\x05")).map(String)).toEqual(["MDPW02", "\x06"]);
});
