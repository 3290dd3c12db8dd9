import { decodeFromBroker, encodeRequest } from "../majordomo/client.ts";
import { serviceName } from "../majordomo/message.ts";
import { connectDealer } from "../transport/dealer.ts";
import type { ConnectedDealer } from "../transport/dealer.ts";
import { parseEndpoint } from "../transport/endpoint.ts";
import { resolveEndpoint } from "../transport/resolve.ts";
import { createClientCore } from "./core.ts";
import type { Connection, Outcome } from "./core.ts";
import { ClientClosed, RequestAborted, RequestInvalid, RequestTimeout } from "./errors.ts";

export interface ClientOptions {
  /** Frontends of brokers, `tcp://host:port`; connections are spread over them. */
  readonly endpoints: readonly string[];
  /** Requests outstanding at once, each on a connection of its own; further ones wait. */
  readonly maxConnections?: number;
  /** Bytes of a request's or a reply's body. */
  readonly maxMessageBytes?: number;
}

export interface RequestOptions {
  /** Milliseconds for each try, waiting for a free connection included. */
  readonly timeoutMs?: number;
  /** Tries after the first. A request may then run more than once. */
  readonly retries?: number;
  readonly signal?: AbortSignal;
}

export interface Client {
  /**
   * Sends a request and waits for its reply; a reply in several frames or parts is joined.
   * @throws RequestTimeout, RequestAborted, ClientClosed, RequestInvalid: all RequestError.
   */
  request(service: string, body: Buffer | Uint8Array | string, options?: RequestOptions): Promise<Buffer>;
  /** Ends all requests with ClientClosed and lets the process exit. */
  close(): void;
}

interface Call {
  settle(outcome: Outcome): void;
}

/** A client of the Majordomo brokers at `endpoints`. Speaks MDP/0.2 (RFC 18). @throws TypeError for an endpoint that is none */
export function createClient({ endpoints, maxConnections = 16, maxMessageBytes = 16_777_216 }: ClientOptions): Client {
  const wrong = endpoints.find((endpoint) => parseEndpoint(endpoint) === undefined);
  if (endpoints.length === 0 || wrong !== undefined) throw new TypeError(`endpoint ${JSON.stringify(wrong)} is not of the form tcp://host:port`);
  const now = (): number => performance.now();
  const sockets = new Map<Connection, { opened: Promise<ConnectedDealer | undefined>; closed: boolean }>();
  const calls = new Map<number, Call>();
  let calledSoFar = 0;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  /** What is known about the way to the brokers, for the message of a time-out. */
  let unreachable: string | undefined = "no connection was established";

  const connect = async (connection: Connection, endpoint: string): Promise<ConnectedDealer | undefined> => {
    const addresses = await resolveEndpoint(endpoint).catch((error: NodeJS.ErrnoException) => {
      unreachable = `the name cannot be resolved (${error.code ?? error.message})`;
      return [];
    });
    const address = addresses[connection % Math.max(1, addresses.length)];
    if (address === undefined || sockets.get(connection)?.closed !== false) return undefined;
    return connectDealer({
      endpoint: address,
      maxMessageBytes,
      lingerMs: 0,
      onConnect: () => (unreachable = undefined),
      onDisconnect: () => (unreachable = "the connection was lost"),
      onMessage(frames) {
        const message = decodeFromBroker(frames);
        if (message.kind === "problem") core.broken(connection, now());
        else core.received(connection, message.part, message.service, message.body, now());
        schedule();
      },
    });
  };

  const core = createClientCore(
    { maxConnections },
    {
      open(connection) {
        const socket = { opened: Promise.resolve<ConnectedDealer | undefined>(undefined), closed: false };
        sockets.set(connection, socket);
        socket.opened = connect(connection, endpoints[connection % endpoints.length]!);
      },
      send(connection, service, body) {
        void sockets.get(connection)?.opened.then((dealer) => dealer?.send(encodeRequest(service, body)));
      },
      close(connection) {
        const socket = sockets.get(connection);
        sockets.delete(connection);
        if (socket === undefined) return;
        socket.closed = true;
        void socket.opened.then((dealer) => dealer?.close());
      },
      settle: (request, outcome) => calls.get(request)?.settle(outcome),
    },
  );

  function schedule(): void {
    clearTimeout(timer);
    const next = core.nextDeadlineMs;
    if (next === undefined) return;
    timer = setTimeout(() => {
      core.tick(now());
      schedule();
    }, Math.max(0, next - now()));
  }

  return {
    request(service, body, { timeoutMs = 5_000, retries = 0, signal } = {}) {
      const frame = typeof body === "string" ? Buffer.from(body) : Buffer.isBuffer(body) ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
      const name = serviceName(Buffer.from(service));
      if (typeof name !== "string") return Promise.reject(new RequestInvalid(`service ${JSON.stringify(service)}: ${name.what}`, service, "no"));
      if (frame.length > maxMessageBytes) {
        return Promise.reject(new RequestInvalid(`the request has ${frame.length} bytes, at most ${maxMessageBytes} are allowed`, service, "no"));
      }
      if (closed) return Promise.reject(new ClientClosed("the client is closed", service, "no"));
      if (signal?.aborted) return Promise.reject(new RequestAborted("the request was aborted", service, "no", signal.reason));
      calledSoFar += 1;
      const id = calledSoFar;
      return new Promise((resolve, reject) => {
        const onAbort = (): void => {
          core.cancel(id);
          schedule();
        };
        signal?.addEventListener("abort", onAbort, { once: true });
        calls.set(id, {
          settle(outcome) {
            calls.delete(id);
            signal?.removeEventListener("abort", onAbort);
            if (outcome.kind === "reply") return resolve(outcome.body.length === 1 ? outcome.body[0]! : Buffer.concat(outcome.body));
            const executed = outcome.tries === 0 ? "no" : "maybe";
            if (outcome.kind === "timeout") return reject(new RequestTimeout(timeoutText(service, timeoutMs, retries), service, executed));
            if (signal?.aborted) return reject(new RequestAborted("the request was aborted", service, executed, signal.reason));
            reject(new ClientClosed("the client was closed before the reply came", service, executed));
          },
        });
        core.request(id, { service, body: [frame], timeoutMs, retries }, now());
        schedule();
      });
    },
    close() {
      closed = true;
      core.close();
      schedule();
    },
  };

  function timeoutText(service: string, timeoutMs: number, retries: number): string {
    const tries = retries === 0 ? "" : ` in each of ${retries + 1} tries`;
    const why = unreachable ?? "the broker answers, but no worker did: does one serve it, and did its handler fail?";
    return `no reply from service ${JSON.stringify(service)} at ${endpoints.join(", ")} within ${timeoutMs} ms${tries} (${why})`;
  }
}
