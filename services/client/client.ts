import { createHmac, randomBytes } from "node:crypto";
import { requestIdOf } from "../contract/logs.ts";
import { isClientMessage, fromClient, readToClient } from "../majordomo/extension/client.ts";
import type { ToClientVisitor } from "../majordomo/extension/client.ts";
import { packedBytes, spokenVersions } from "../majordomo/extension/codes.ts";
import { RecordError } from "../majordomo/extension/reader.ts";
import { createOutgoing } from "../majordomo/extension/outgoing.ts";
import type { Gathering } from "../majordomo/extension/outgoing.ts";
import { serviceName } from "../majordomo/message.ts";
import { connect } from "../transport/connect.ts";
import { parseEndpoint } from "../transport/endpoint.ts";
import { limits as connectionLimits } from "../transport/limits.ts";
import { chooseKeys } from "../transport/peer-keys.ts";
import type { CurveSource } from "../transport/peer-keys.ts";
import { resolveEndpoint } from "../transport/resolve.ts";
import type { Connection } from "../transport/zmtp/connection.ts";
import { createClientCore } from "./core.ts";
import { ClientClosed, failureClasses, RequestAborted, RequestInvalid, TooLarge } from "./errors.ts";
import type { RequestError } from "./errors.ts";
import type { Link, Outcome } from "./outbox.ts";

const tickMs = 25;
/** Parts of a reply that may be on their way before the consumer has taken any. */
const partialCredit = 32;
/** Smaller replies are copied: as they were received they are views of a chunk of up to 64 KiB, and one that is kept would hold all of it. */
const copiedBelowBytes = 8_192;

export interface ClientOptions {
  /** Frontends of brokers, `tcp://host:port`. One is used at a time, and another one when that is lost. */
  readonly endpoints: readonly string[];
  /** CURVE keys in Z85, or the file that has them; plain text without. */
  readonly curve?: CurveSource | undefined;
  /** Bytes of a request's or a reply's body. */
  readonly maxMessageBytes?: number;
  /** false: one request a message; for measuring what packing costs. */
  readonly packing?: boolean;
}

export interface RequestOptions {
  /** Milliseconds for the request, all its tries together. */
  readonly timeoutMs?: number;
  /** Tries after the first, where the broker was busy, or the connection was lost and the request may have run already. */
  readonly retries?: number;
  readonly signal?: AbortSignal | undefined;
  /** W3C trace context: `traceparent`, and after a line feed `tracestate`. */
  readonly trace?: string | undefined;
  /** Told what the request is called in the logs, each time that it is sent: a retry at another broker has another name. */
  readonly onSent?: (requestId: string) => void;
}

export type RequestBody = Buffer | Uint8Array | string;

export interface Client {
  /** Sends a request and waits for its reply; parts are joined. @throws RequestError, always one of its subclasses. */
  request(service: string, body: RequestBody, options?: RequestOptions): Promise<Buffer>;
  /** The parts of the reply as they come. Ending the loop early cancels the request. @throws RequestError */
  stream(service: string, body: RequestBody, options?: RequestOptions): AsyncGenerator<Buffer, void, undefined>;
  /** The broker's state, see broker/status.ts. @throws RequestError */
  status(timeoutMs?: number): Promise<unknown>;
  /** Ends all requests with ClientClosed and lets the process exit. */
  close(): void;
}

interface Call {
  readonly service: string;
  readonly timeoutMs: number;
  settle(outcome: Outcome): void;
  part(body: Buffer): void;
}

interface Socket extends Gathering {
  connection: Connection;
}

/** A client of the brokers at `endpoints`: any number of requests on one connection. @throws TypeError for an endpoint or a key that is none */
export function createClient({ endpoints, curve, maxMessageBytes = 16_777_216, packing = true }: ClientOptions): Client {
  const wrong = endpoints.find((endpoint) => parseEndpoint(endpoint) === undefined);
  if (endpoints.length === 0 || wrong !== undefined) throw new TypeError(`endpoint ${JSON.stringify(wrong)} is not of the form tcp://host:port`);
  const keys = curve && chooseKeys(curve);
  const now = (): number => performance.now();
  const seed = randomBytes(32);
  const sockets = new Map<Link, Socket | undefined>();
  /** Who this client is on a connection, and who wants to know what a request is called there. */
  const instanceOn = new Map<Link, string>();
  const namers = new Map<number, (requestId: string) => void>();
  let closed = false;
  /** What is known about the way to the brokers, for the message of a time-out. */
  let unreachable: string | undefined = "no connection was established";

  const outgoing = createOutgoing<Socket>({ packing });

  const open = async (link: Link, attempt: number): Promise<void> => {
    const endpoint = endpoints[(attempt - 1) % endpoints.length]!;
    try {
      const addresses = await resolveEndpoint(endpoint);
      if (!sockets.has(link)) return;
      const address = addresses[Math.floor((attempt - 1) / endpoints.length) % addresses.length]!;
      const visitor = listener(link);
      const connection = connect({
        endpoint: address,
        keys,
        limits: { ...connectionLimits, maxFrameBytes: Math.max(maxMessageBytes, packedBytes), maxFrames: 256, maxUnsentBytes: Number.MAX_SAFE_INTEGER },
        onOpen(opened) {
          sockets.set(link, { connection: opened, writer: undefined, delimited: false });
          core.opened(link, now());
        },
        onMessage(_, frames) {
          try {
            if (!isClientMessage(frames)) throw new RecordError("header: not ZSTC01");
            readToClient(frames, visitor);
          } catch (error) {
            if (!(error instanceof RecordError)) throw error;
            unreachable = `the broker at ${address} says what makes no sense: ${error.message}`;
            core.disconnect(link, now());
          }
        },
        onClose(_, error) {
          // Where it was left, the reason for that is known.
          if (sockets.has(link)) unreachable = `the connection to ${address} was lost${error === undefined ? "" : ` (${error.message})`}`;
          core.lost(link, now());
        },
        onFailure(error) {
          unreachable = error.message;
          core.lost(link, now());
        },
      });
      if (!sockets.has(link)) connection.destroy();
      else if (sockets.get(link) === undefined) sockets.set(link, { connection, writer: undefined, delimited: false });
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      unreachable = `the name in ${endpoint} cannot be resolved (${code ?? message})`;
      core.lost(link, now());
    }
  };

  const listener = (link: Link): ToClientVisitor => ({
    welcome(welcome) {
      unreachable = undefined;
      core.welcome(link, welcome, now());
    },
    heartbeat: (role) => core.heartbeat(link, role, now()),
    reply: (id, body) => core.reply(link, id, body.length < copiedBelowBytes ? Buffer.from(body) : body, now()),
    partial: (id, body) => core.partial(link, id, body.length < copiedBelowBytes ? Buffer.from(body) : body, now()),
    error: (id, name, executed, message) => core.error(link, id, name, executed, message, now()),
    goAway: (role) => core.goAway(link, role, now()),
    disconnect(reason) {
      unreachable = `the broker ended the connection: ${reason}`;
      core.disconnect(link, now());
    },
  });

  const write = (link: Link, record: (socket: Socket) => void): void => {
    const socket = sockets.get(link);
    if (socket !== undefined) record(socket);
  };

  const core = createClientCore<Call>(
    { welcomeTimeoutMs: connectionLimits.handshakeTimeoutMs, random: Math.random },
    {
      open(link, attempt) {
        sockets.set(link, undefined);
        void open(link, attempt);
      },
      close(link) {
        const socket = sockets.get(link);
        sockets.delete(link);
        instanceOn.delete(link);
        if (socket === undefined) return;
        outgoing.flush();
        socket.connection.end();
      },
      hello(link, lineage) {
        // As random as the seed, and the same whenever this lineage is asked for again.
        const instance = createHmac("sha256", seed).update(String(lineage)).digest("hex").slice(0, 16);
        instanceOn.set(link, instance);
        write(link, (socket) => fromClient.hello(outgoing.writer(socket), spokenVersions.from, spokenVersions.to, instance));
      },
      heartbeat: (link) => write(link, (socket) => fromClient.heartbeat(outgoing.writer(socket))),
      request(link, id, timeoutMs, retry, service, trace, credit, body) {
        const socket = sockets.get(link);
        if (socket === undefined) return;
        if (namers.size > 0) namers.get(id)?.(requestIdOf(instanceOn.get(link)!, id));
        fromClient.request(outgoing.writer(socket), id, timeoutMs, retry, service, trace, credit, body);
        outgoing.written(socket);
      },
      cancel: (link, id) => write(link, (socket) => fromClient.cancel(outgoing.writer(socket), id)),
      partialCredit: (link, id, count) => write(link, (socket) => fromClient.partialCredit(outgoing.writer(socket), id, count)),
      disconnect: (link) => write(link, (socket) => fromClient.disconnect(outgoing.writer(socket))),
      settle: (call, outcome) => call.settle(outcome),
      part: (call, body) => call.part(body),
    },
  );

  const ticking = setInterval(() => core.tick(now()), tickMs);
  core.tick(now());

  const bodyOf = (body: RequestBody): Buffer => {
    if (Buffer.isBuffer(body)) return body;
    return typeof body === "string" ? Buffer.from(body) : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  };

  /** Why a request cannot even be begun. */
  const refusal = (service: string, body: Buffer, signal: AbortSignal | undefined): RequestError | undefined => {
    const name = serviceName(Buffer.from(service));
    if (typeof name !== "string") return new RequestInvalid(`service ${JSON.stringify(service)}: ${name.what}`, service, "no");
    if (body.length > maxMessageBytes)
      return new TooLarge(`the request has ${body.length} bytes, at most ${maxMessageBytes} are allowed (maxMessageBytes)`, service, "no");
    if (closed) return new ClientClosed("the client is closed", service, "no");
    if (signal?.aborted) return new RequestAborted("the request was aborted", service, "no", signal.reason);
    return undefined;
  };

  const errorOf = ({ service, timeoutMs }: Call, outcome: Extract<Outcome, { kind: "error" }>, signal: AbortSignal | undefined): RequestError => {
    const { name, executed, message } = outcome;
    const who = `service ${JSON.stringify(service)} at ${endpoints.join(", ")}`;
    if (name === "cancelled") return new RequestAborted("the request was aborted", service, executed, signal?.reason);
    if (name === "timeout")
      return new failureClasses.timeout(`no reply from ${who} within ${timeoutMs} ms (${unreachable ?? "the broker does not answer"})`, service, executed);
    return new failureClasses[name](`${who}: ${message}`, service, executed);
  };

  const client: Client = {
    request(service, given, { timeoutMs = 5_000, retries = 0, signal, trace, onSent } = {}) {
      const body = bodyOf(given);
      const problem = refusal(service, body, signal);
      if (problem !== undefined) return Promise.reject(problem);
      return new Promise((resolve, reject) => {
        const call: Call = {
          service,
          timeoutMs,
          part: () => {},
          settle(outcome) {
            if (onAbort !== undefined) signal!.removeEventListener("abort", onAbort);
            namers.delete(id);
            if (outcome.kind === "reply") resolve(outcome.body);
            else reject(errorOf(call, outcome, signal));
          },
        };
        // The core counts upwards, and may send or settle at once.
        const id = core.nextId;
        const onAbort = signal && (() => core.cancel(id, now()));
        if (onSent !== undefined) namers.set(id, onSent);
        if (onAbort !== undefined) signal!.addEventListener("abort", onAbort, { once: true });
        core.request(call, { service, body, timeoutMs, retries, trace, partialCredit: 0 }, now());
      });
    },
    async *stream(service, given, { timeoutMs = 5_000, retries = 0, signal, trace, onSent } = {}) {
      const body = bodyOf(given);
      const problem = refusal(service, body, signal);
      if (problem !== undefined) throw problem;
      const parts: Buffer[] = [];
      let end: Outcome | undefined;
      let wake = (): void => {};
      const call: Call = {
        service,
        timeoutMs,
        part(part) {
          parts.push(part);
          wake();
        },
        settle(outcome) {
          end = outcome;
          wake();
        },
      };
      const id = core.nextId;
      if (onSent !== undefined) namers.set(id, onSent);
      core.request(call, { service, body, timeoutMs, retries, trace, partialCredit }, now());
      const onAbort = (): void => core.cancel(id, now());
      signal?.addEventListener("abort", onAbort, { once: true });
      try {
        for (;;) {
          const part = parts.shift();
          if (part !== undefined) {
            core.taken(id, 1);
            yield part;
          } else if (end === undefined) await new Promise<void>((resolve) => (wake = resolve));
          else if (end.kind === "error") throw errorOf(call, end, signal);
          else {
            if (end.body.length > 0) yield end.body;
            return;
          }
        }
      } finally {
        signal?.removeEventListener("abort", onAbort);
        namers.delete(id);
        core.cancel(id, now());
      }
    },
    async status(timeoutMs = 5_000) {
      return JSON.parse((await client.request("mmi.status", "", { timeoutMs })).toString()) as unknown;
    },
    close() {
      if (closed) return;
      closed = true;
      clearInterval(ticking);
      core.close();
    },
  };
  return client;
}
