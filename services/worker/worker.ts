import { once } from "node:events";
import { MessageChannel, receiveMessageOnPort, Worker } from "node:worker_threads";
import type { WorkerOutcome } from "../contract/metrics.ts";
import { createLog } from "../process/log.ts";
import type { Logger } from "../process/log.ts";
import { chooseKeys } from "../transport/peer-keys.ts";
import type { CurveSource } from "../transport/peer-keys.ts";
import { createClock } from "./clock.ts";
import type { FromThread, ThreadData, ToThread } from "./crossing/messages.ts";
import { createReplyMemory, createReplyWriter } from "./crossing/replies.ts";
import { readRequests } from "./crossing/requests.ts";
import { createSlots } from "./crossing/slots.ts";
import type { Handler } from "./handler.ts";
import { createRunner } from "./runner.ts";

export { HandlerError, HandlerTimeout } from "./handler.ts";
export type { Answer, Handler, HandlerContext, Reply, Trace } from "./handler.ts";

export interface WorkerOptions {
  /** Backends of the brokers, `tcp://name:port`; every address of every name is connected to. */
  readonly brokers?: readonly string[];
  /** Handlers that run at once, over all brokers. */
  readonly concurrency?: number;
  /** Milliseconds for one request, all its attempts together. */
  readonly timeoutMs?: number;
  /** How often a request is tried when its handler throws an error with `retryable: true`. */
  readonly retryAttempts?: number;
  readonly heartbeatIntervalMs?: number;
  /** Intervals of silence after which a broker is held for dead. */
  readonly heartbeatLiveness?: number;
  /** Bytes of a request's or a reply's body. */
  readonly maxMessageBytes?: number;
  /** Milliseconds that a broker may take for the connection and its handshake. */
  readonly receiveTimeoutMs?: number;
  /** Milliseconds that a closing connection still tries to send what it took. */
  readonly sendTimeoutMs?: number;
  /** CURVE keys in Z85: the brokers' public key and this worker's pair, or the file that has them. Plain text without. */
  readonly curve?: CurveSource | undefined;
  readonly log?: Logger;
  /** Told how each request ended, and the milliseconds since its handler started, if it did. */
  readonly onOutcome?: (outcome: WorkerOutcome, milliseconds: number | undefined) => void;
}

export interface RunningWorker {
  /** Brokers that it is registered with. */
  readonly brokers: number;
  /** Requests taken and not ended. */
  readonly holding: number;
  /**
   * Takes no new request, hands back what has not begun, finishes the rest and closes.
   * @returns false if `graceMs` ended before; brokers then give what was held to other workers.
   */
  stop(graceMs: number): Promise<boolean>;
}

/** Requests that are handed to the handlers beyond `concurrency` at most; pace.ts asks for fewer. */
const slotsAhead = 2_048;
/** The file itself in a checkout; what the build made of it in the published package. */
const threadFile = new URL(import.meta.url.endsWith(".ts") ? "./thread.ts" : "./thread.js", import.meta.url);

/**
 * Serves `service` with `handler` for every broker, until it is stopped. The connections live in a thread of their own, so a
 * handler may compute as long as it likes. If that thread fails, the process ends by an uncaught error.
 */
export function worker(service: string, handler: Handler, options: WorkerOptions = {}): RunningWorker {
  const { brokers = ["tcp://localhost:5556"], concurrency = 1, timeoutMs = 5_000, retryAttempts = 3 } = options;
  const { heartbeatIntervalMs = 2_500, heartbeatLiveness = 3, maxMessageBytes = 16_777_216, receiveTimeoutMs = 5_000, sendTimeoutMs = 5_000 } = options;
  const { curve, onOutcome = () => {} } = options;
  const log = options.log ?? createLog({ logger: "zeromq.worker", level: "INFO", fields: { service } });
  const slotCount = concurrency + slotsAhead;
  const slots = createSlots(slotCount);
  const memory = createReplyMemory();
  const { port1: port, port2 } = new MessageChannel();
  let ended = false;
  let onStopped = (_finished: boolean): void => {};
  const stopped = new Promise<boolean>((resolve) => (onStopped = resolve));
  let stopping: Promise<boolean> | undefined;

  if (curve !== undefined)
    chooseKeys(curve); // says what is wrong with them here, not in the thread
  else log.warn("connections are plain text: whoever is on the way can read and send");
  const threadData: ThreadData = {
    port: port2,
    replies: memory,
    slots: slots.memory,
    slotCount,
    service,
    brokers,
    concurrency,
    heartbeatIntervalMs,
    heartbeatLiveness,
    maxBodyBytes: maxMessageBytes,
    receiveTimeoutMs,
    sendTimeoutMs,
    curve,
  };
  const thread = new Worker(threadFile, { workerData: threadData, transferList: [port2], name: `connections of ${service}` });

  const replies = createReplyWriter(
    memory,
    (body) => port.postMessage(body, [body]),
    () => port.postMessage(0),
  );
  const runner = createRunner(handler, {
    service,
    concurrency,
    timeoutMs,
    attempts: retryAttempts,
    maxBodyBytes: maxMessageBytes,
    slots,
    replies,
    log,
    now: createClock(),
    onOutcome,
  });

  const hear = (message: FromThread): void => {
    switch (message.kind) {
      case "requests":
        readRequests(message.batch, runner);
        break;
      case "log":
        log[message.level](message.fields, message.message);
        break;
      case "outcomes":
        for (const [outcome, count] of message.counts) for (let index = 0; index < count; index += 1) onOutcome(outcome, undefined);
        break;
      case "stopped":
        ended = true;
        runner.abandon("the worker was stopped");
        onStopped(message.finished);
    }
  };
  port.on("message", hear);
  const fatal = (error: Error): void => {
    log.fatal({ err: error }, "the connections' thread failed");
    ended = true;
    runner.abandon("the connections' thread failed");
    port.close();
    setImmediate(() => {
      throw error;
    });
  };
  thread.on("error", fatal);
  thread.on("exit", (code) => {
    // To a busy process its exit may be told before its last words.
    for (let last = receiveMessageOnPort(port); last !== undefined; last = receiveMessageOnPort(port)) hear(last.message as FromThread);
    if (!ended) fatal(new Error(`the connections' thread ended by itself with code ${code}`));
  });

  const stop = async (graceMs: number): Promise<boolean> => {
    const exited = once(thread, "exit");
    port.postMessage({ kind: "stop", graceMs } satisfies ToThread);
    const finished = await stopped;
    await exited;
    port.close();
    return finished;
  };

  return {
    get brokers() {
      return ended ? 0 : replies.brokers;
    },
    get holding() {
      return replies.holding;
    },
    stop: (graceMs) => (stopping ??= stop(graceMs)),
  };
}
