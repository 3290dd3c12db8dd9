import { decodeToWorker, encodeWorkerMessage } from "../majordomo/worker.ts";
import { formOf } from "../majordomo/message.ts";
import { environment } from "../contract/environment.ts";
import type { WorkerOutcome } from "../contract/metrics.ts";
import { createLog } from "../process/log.ts";
import type { Logger } from "../process/log.ts";
import { connectDealer } from "../transport/dealer.ts";
import type { ConnectedDealer } from "../transport/dealer.ts";
import { watchNames } from "../transport/watch-names.ts";
import { createWorkerCore } from "./core.ts";
import { HandlerTimeout, runHandler } from "./handler.ts";
import type { Handler } from "./handler.ts";
import type { Job, Link } from "./outbox.ts";

export interface WorkerOptions {
  /** Backends of the brokers, `tcp://name:port`; every address of every name is connected to. */
  readonly brokers?: readonly string[];
  /** Handlers that run at once, over all brokers. Further requests wait here. */
  readonly concurrency?: number;
  /** Milliseconds for one request. */
  readonly timeoutMs?: number;
  /** How often a request is tried when its handler throws an error with `retryable: true`. */
  readonly retryAttempts?: number;
  readonly heartbeatIntervalMs?: number;
  /** Intervals of silence after which a broker is held for dead. */
  readonly heartbeatLiveness?: number;
  /** Bytes of a request's largest frame. */
  readonly maxMessageBytes?: number;
  /** Milliseconds that a broker may take for ZMTP's handshake. */
  readonly receiveTimeoutMs?: number;
  /** Milliseconds that a closing connection still tries to send what it took. */
  readonly sendTimeoutMs?: number;
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
   * Takes no new request, finishes those it holds and closes.
   * @returns false if `graceMs` ended before; brokers then give what was held to other workers.
   */
  stop(graceMs: number): Promise<boolean>;
}

const form = formOf("0.2", false);

/** Serves `service` with `handler` for every broker, until it is stopped. Speaks MDP/0.2 (RFC 18). */
export function worker(service: string, handler: Handler, options: WorkerOptions = {}): RunningWorker {
  const { brokers = ["tcp://localhost:5556"], concurrency = 1, timeoutMs = 5_000, retryAttempts = 3 } = options;
  const { heartbeatIntervalMs = 2_500, heartbeatLiveness = 3, maxMessageBytes = 16_777_216, receiveTimeoutMs = 5_000, sendTimeoutMs = 5_000, onOutcome } = options;
  const log = options.log ?? createLog({ logger: "zeromq.worker", level: "INFO", fields: { service } });
  const now = (): number => performance.now();
  const sockets = new Map<Link, ConnectedDealer>();
  const runs = new Map<Job, { abort: AbortController; startedAtMs: number }>();
  let onSettled: (() => void) | undefined;

  const run = async (job: Job): Promise<void> => {
    const abort = new AbortController();
    runs.set(job, { abort, startedAtMs: now() });
    const deliveryId = job.address.map((frame) => frame.toString("hex")).join(".");
    const body = job.body.length === 1 ? job.body[0]! : Buffer.concat(job.body);
    try {
      const reply = await runHandler(handler, body, { service, deliveryId, timeoutMs, attempts: retryAttempts, signal: abort.signal });
      // The broker would end the connection over it and give the request to the next worker, and the next.
      if (reply.length > maxMessageBytes) throw new RangeError(`the reply has ${reply.length} bytes, at most ${maxMessageBytes} are allowed (${environment.maxMessageBytes.name})`);
      core.ended(job, { kind: "replied", body: [reply] }, now());
    } catch (err) {
      const timedOut = err instanceof HandlerTimeout;
      if (!abort.signal.aborted) log.error({ err, service, deliveryId, bytes: body.length }, timedOut ? "handler timed out" : "handler failed");
      core.ended(job, { kind: timedOut ? "timed_out" : "failed" }, now());
    } finally {
      runs.delete(job);
      onSettled?.();
    }
  };

  const open = (link: Link, endpoint: string): void => {
    const socket = connectDealer({
      endpoint,
      maxMessageBytes,
      lingerMs: sendTimeoutMs,
      handshakeTimeoutMs: receiveTimeoutMs,
      onConnect: () => core.connected(link, now()),
      onDisconnect: () => core.disconnected(link, now()),
      onMessage(frames) {
        const message = decodeToWorker(frames);
        if (message.kind === "problem") {
          log.warn({ broker: endpoint, where: message.where, what: message.what }, "malformed message from a broker");
          core.malformed(link, now());
        } else {
          core.received(link, message, now());
        }
      },
    });
    sockets.set(link, socket);
  };

  const core = createWorkerCore(
    { heartbeatIntervalMs, heartbeatLiveness, concurrency, random: Math.random },
    {
      open,
      close(link, broker, why) {
        sockets.get(link)?.close();
        sockets.delete(link);
        log[why === "stopping" ? "debug" : "info"]({ broker, why }, "connection closed");
      },
      send(link, message) {
        const frames = encodeWorkerMessage(
          message.kind === "ready" ? { kind: "ready", form, service } : message.kind === "final" ? { ...message, form } : { kind: message.kind, form },
        );
        void sockets.get(link)?.send(frames);
      },
      registered: (broker) => log.info({ broker }, "registered"),
      run: (job) => void run(job),
      abort: (job, why) => runs.get(job)?.abort.abort(new Error(`the connection to the broker ended: ${why}`)),
      outcome(job, outcome) {
        const run = runs.get(job);
        onOutcome?.(outcome, run && now() - run.startedAtMs);
      },
    },
  );

  const names = watchNames(brokers, {
    onAddresses: (endpoints) => core.listed(endpoints, now()),
    onProblem: (endpoint, reason) => log.warn({ broker: endpoint, reason }, "the broker's name cannot be resolved"),
  });
  const ticking = setInterval(() => core.tick(now()), Math.min(250, heartbeatIntervalMs / 4));

  return {
    get brokers() {
      return core.brokers;
    },
    get holding() {
      return core.holding;
    },
    async stop(graceMs) {
      names.close();
      core.stop();
      const finished = await settled(graceMs);
      clearInterval(ticking);
      core.close();
      return finished;
    },
  };

  function settled(graceMs: number): Promise<boolean> {
    if (core.holding === 0) return Promise.resolve(true);
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), graceMs);
      onSettled = () => {
        if (core.holding > 0) return;
        clearTimeout(timer);
        resolve(true);
      };
    });
  }
}
