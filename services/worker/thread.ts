/** The thread that has the worker's connections: its heartbeats go on whatever the handlers do. Started by worker.ts. */
import { randomBytes } from "node:crypto";
import { MessagePort, receiveMessageOnPort, workerData } from "node:worker_threads";
import type { Color } from "../contract/names.ts";
import type { WorkerOutcome } from "../contract/metrics.ts";
import { spokenVersions } from "../majordomo/extension/codes.ts";
import type { ErrorName } from "../majordomo/extension/codes.ts";
import { RecordError } from "../majordomo/extension/reader.ts";
import { inlineBelowBytes, RecordWriter } from "../majordomo/extension/writer.ts";
import { fromWorker, isWorkerMessage, readToWorker } from "../majordomo/extension/worker.ts";
import type { ToWorkerVisitor } from "../majordomo/extension/worker.ts";
import { connect } from "../transport/connect.ts";
import { chooseKeys } from "../transport/peer-keys.ts";
import { watchNames } from "../transport/watch-names.ts";
import type { Connection } from "../transport/zmtp/connection.ts";
import { createClock } from "./clock.ts";
import { createWorkerCore } from "./core.ts";
import { createReplyReader } from "./crossing/replies.ts";
import { createRequestWriter } from "./crossing/requests.ts";
import { openSlots } from "./crossing/slots.ts";
import type { FromThread, ThreadData, ToThread } from "./crossing/messages.ts";
import type { Job, Link } from "./outbox.ts";

/** A message ends after so many bytes of records, and after so many bodies with a frame of their own (SPEC.md, "Transport"). */
const mostRecordBytes = 32_768;
const mostBodyFrames = 16;
const tickMs = 10;

interface Wire {
  readonly endpoint: string;
  readonly writer: RecordWriter;
  connection: Connection;
  open: boolean;
  bodyFrames: number;
}

const data = workerData as ThreadData;
const { service, sendTimeoutMs, maxBodyBytes, port } = data;
if (!(port instanceof MessagePort)) throw new Error("this file is a worker's thread: start a worker by worker() of worker.ts");
const now = createClock();
const keys = data.curve && chooseKeys(data.curve);
const wires = new Map<Link, Wire>();
const closing = new Set<Connection>();
const slots = openSlots(data.slots);
const freeSlots = Array.from({ length: data.slotCount }, (_, index) => data.slotCount - 1 - index);
const jobs: (Job | undefined)[] = [];
const slotOf = new Map<Job, number>();
const requests = createRequestWriter();
const outcomes = new Map<WorkerOutcome, number>();
/** Why the last try to connect to an address failed, so that it is said once. */
const failures = new Map<string, string>();
/** What is known about a connection's end. */
const details = new Map<Link, string>();
/** The colours of the brokers, as far as they tell them. */
const colorOf = new Map<Link, Color>();
const bodies: ArrayBuffer[] = [];
const messages: ToThread[] = [];
let turning = false;
let stopping: { resolveAtMs: number } | undefined;
let ended = false;

const post = (message: FromThread, transfer: ArrayBuffer[] = []): void => port.postMessage(message, transfer);
const say = (level: "debug" | "info" | "warn" | "error", message: string, fields: Record<string, unknown>): void =>
  post({ kind: "log", level, message, fields });

function flush(wire: Wire): void {
  if (wire.writer.records === 0) return;
  wire.bodyFrames = 0;
  const frames = wire.writer.take();
  if (!wire.open || wire.connection.closed) return;
  if (wire.connection.send(frames)) {
    wire.connection.flush();
    return;
  }
  if (wire.connection.closed) return;
  wire.connection.destroy(new Error("the broker reads too slowly"));
}

/** The writer for a record that may have a body of its own frame. */
function to(link: Link, body?: Buffer): RecordWriter {
  const wire = wires.get(link)!;
  const { writer } = wire;
  if (writer.size - writer.bytes >= mostRecordBytes || wire.bodyFrames >= mostBodyFrames) flush(wire);
  if (body !== undefined && body.length >= inlineBelowBytes) wire.bodyFrames += 1;
  turnSoon();
  return writer;
}

function release(slot: number): Job | undefined {
  const job = jobs[slot];
  if (job === undefined) return undefined;
  jobs[slot] = undefined;
  slotOf.delete(job);
  freeSlots.push(slot);
  return job;
}

const core = createWorkerCore(
  { concurrency: data.concurrency, welcomeTimeoutMs: data.receiveTimeoutMs, random: Math.random },
  {
    open,
    close(link, broker, why) {
      const wire = wires.get(link);
      wires.delete(link);
      colorOf.delete(link);
      if (wire === undefined) return;
      flush(wire);
      if (wire.open && (why === "stopping" || why === "malformed" || why === "disconnected-by-broker")) end(wire.connection);
      else wire.connection.destroy();
      const detail = details.get(link);
      details.delete(link);
      if (why === "not-reached") return; // said where it failed
      say(why === "stopping" ? "debug" : "info", "connection closed", { broker, why, ...(detail === undefined ? {} : { detail }) });
    },
    hello: (link) => fromWorker.hello(to(link), spokenVersions.from, spokenVersions.to, randomBytes(8).toString("hex")),
    ready: (link) => fromWorker.ready(to(link), service),
    heartbeat: (link) => fromWorker.heartbeat(to(link)),
    credit: (link, count) => fromWorker.credit(to(link), count),
    started: (link, upTo) => fromWorker.started(to(link), upTo),
    reply: (link, delivery, body) => fromWorker.reply(to(link, body), delivery, body),
    partial: (link, delivery, body) => fromWorker.partial(to(link, body), delivery, body),
    error: (link, delivery, name, message) => fromWorker.error(to(link), delivery, name, message),
    notStarted: (link, delivery) => fromWorker.notStarted(to(link), delivery),
    leaving: (link) => fromWorker.leaving(to(link)),
    disconnect: (link) => fromWorker.disconnect(to(link)),
    registered(broker) {
      failures.delete(broker);
      say("info", "registered", { broker });
    },
    room: () => freeSlots.length,
    run(job) {
      const slot = freeSlots.pop();
      if (slot === undefined) throw new Error("more requests handed over than there are slots");
      jobs[slot] = job;
      slotOf.set(job, slot);
      slots.fill(slot);
      requests.request(slot, job, colorOf.get(job.link));
    },
    revoke: (job) => slots.revoke(slotOf.get(job)!),
    cancel: (job, why) => requests.cancel(slotOf.get(job)!, why),
    partialCredit: (job, count) => requests.partialCredit(slotOf.get(job)!, count),
    outcome: (outcome) => void outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1),
  },
);

function open(link: Link, endpoint: string): void {
  const visitor: ToWorkerVisitor = {
    welcome(welcome) {
      if (welcome.color !== undefined) colorOf.set(link, welcome.color);
      core.welcome(link, welcome, now());
    },
    heartbeat: (backlog) => core.heartbeat(link, backlog, now()),
    request: (delivery, timeoutMs, attempt, client, id, trace, partialCredit, body) =>
      core.request(link, delivery, timeoutMs, attempt, client, id, trace, partialCredit, body, readAtMs),
    cancel: (delivery) => core.cancel(link, delivery, now()),
    partialCredit: (delivery, count) => core.partialCredit(link, delivery, count, now()),
    backlog: (count) => core.backlog(link, count, now()),
    disconnect(reason) {
      details.set(link, reason);
      core.disconnect(link, now());
    },
  };
  let readAtMs = 0;
  const connection = connect({
    endpoint,
    keys,
    limits: {
      maxFrameBytes: Math.max(maxBodyBytes, 1_048_576),
      maxFrames: 64,
      maxUnsentBytes: Math.max(64 * 1_048_576, maxBodyBytes * 4),
      handshakeTimeoutMs: data.receiveTimeoutMs,
      connectTimeoutMs: data.receiveTimeoutMs,
    },
    onOpen() {
      const wire = wires.get(link);
      if (wire === undefined) return;
      wire.open = true;
      core.opened(link, now());
      turnSoon();
    },
    onMessage(_, given) {
      const frames = given.length > 1 && given[0]!.length === 0 ? given.slice(1) : given;
      readAtMs = now();
      try {
        if (isWorkerMessage(frames)) readToWorker(frames, visitor);
        else throw new RecordError("not a message of ZSTW01: is it a plain Majordomo broker?");
      } catch (error) {
        if (!(error instanceof RecordError)) throw error;
        details.set(link, error.message);
        core.malformed(link, readAtMs);
      }
      turnSoon();
    },
    onClose(closed, error) {
      closing.delete(closed);
      if (error !== undefined && wires.has(link)) details.set(link, error.message);
      core.lost(link, now());
      turnSoon();
      finish();
    },
    onFailure(error) {
      if (wires.has(link) && failures.get(endpoint) !== error.message) {
        failures.set(endpoint, error.message);
        say("warn", "cannot connect to a broker", { broker: endpoint, reason: error.message });
      }
      core.lost(link, now());
      turnSoon();
    },
  });
  wires.set(link, { endpoint, writer: new RecordWriter(), connection, open: false, bodyFrames: 0 });
}

/** Closes a connection when what was said has been sent, or after a while. */
function end(connection: Connection): void {
  closing.add(connection);
  connection.end(sendTimeoutMs);
}

function receive(message: unknown): void {
  if (message instanceof ArrayBuffer) bodies.push(message);
  else if (typeof message === "object") messages.push(message as ToThread);
}

/** A body is sent before the record that needs it, so it is there. */
function takeBody(): ArrayBuffer {
  while (bodies.length === 0) {
    const received = receiveMessageOnPort(port);
    if (received === undefined) throw new Error("a body has not come across");
    receive(received.message);
  }
  return bodies.shift()!;
}

const replies = createReplyReader(data.replies, takeBody);
let endedNow = 0;
const fromHandlers = {
  reply(slot: number, body: Buffer): void {
    const job = release(slot);
    endedNow += 1;
    if (job !== undefined) core.reply(job.number, body, now());
  },
  partial(slot: number, body: Buffer): void {
    const job = jobs[slot];
    if (job !== undefined) core.partial(job.number, body, now());
  },
  error(slot: number, name: ErrorName, message: string): void {
    const job = release(slot);
    endedNow += 1;
    if (job !== undefined) core.error(job.number, name, message, now());
  },
  /** It was taken back: the core has forgotten it already. */
  dropped: (slot: number) => void release(slot),
};

/** Replies first: with the body of one, messages are read that stand before it in the port. */
function hear(): void {
  endedNow = 0;
  replies.read(fromHandlers);
  if (endedNow > 0) core.took(endedNow, now());
  for (const { graceMs } of messages.splice(0)) {
    names.close();
    stopping = { resolveAtMs: now() + graceMs };
    core.stop(now());
  }
}

function turnSoon(): void {
  if (ended || turning) return;
  turning = true;
  process.nextTick(turn); // after all that one read from the network, or from the handlers, brought
}

function turn(): void {
  turning = false;
  hear();
  emit();
}

/** Says and hands over what the core decided; what is handed over comes after the STARTED that covers it has gone out. */
function emit(): void {
  for (const wire of wires.values()) {
    flush(wire);
  }
  replies.tell(core.holding, core.brokers);
  if (outcomes.size > 0) {
    post({ kind: "outcomes", counts: [...outcomes] });
    outcomes.clear();
  }
  const batch = requests.take();
  if (batch !== undefined) post({ kind: "requests", batch }, [batch.records, ...batch.bodies]);
  settle();
}

/** A stopping worker ends when it holds nothing, or when its time is over. */
function settle(): void {
  if (stopping === undefined || ended || (core.holding > 0 && now() < stopping.resolveAtMs)) return;
  ended = true;
  const finished = core.holding === 0;
  core.close();
  clearInterval(ticking);
  post({ kind: "stopped", finished });
  finish();
}

/** Nothing is left to be sent: the thread ends by itself. */
function finish(): void {
  if (ended && closing.size === 0) port.close();
}

function onMessage(message: unknown): void {
  receive(message);
  hear();
  turnSoon();
}

const names = watchNames(data.brokers, {
  onAddresses(endpoints) {
    core.listed(endpoints, now());
    turnSoon();
  },
  onProblem: (broker, reason) => say("warn", "the broker's name cannot be resolved", { broker, reason }),
});
const ticking = setInterval(() => {
  hear();
  core.tick(now());
  emit();
}, tickMs);
port.on("message", onMessage);
