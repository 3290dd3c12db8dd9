/** What a handler is told besides the body. */
export interface HandlerContext {
  readonly service: string;
  /** Names this delivery in the logs of both sides; a request that is delivered again has another one. */
  readonly deliveryId: string;
  /** 1 for the first try; more after an error with `retryable: true`. */
  readonly attempt: number;
  /** Aborts when the time is up or nobody waits for the reply any more. */
  readonly signal: AbortSignal;
}

/**
 * Turns a request's body into a reply's. An error that it throws ends the request; with `retryable: true` on the error it
 * is tried again first. It may run more than once for one request: a worker can die between its work and its reply.
 */
export type Handler = (body: Buffer, context: HandlerContext) => Reply | Promise<Reply>;
export type Reply = Buffer | Uint8Array | string;

/** The time for one request is over. */
export class HandlerTimeout extends Error {
  constructor(timeoutMs: number) {
    super(`the handler took longer than ${timeoutMs} ms`);
    this.name = "HandlerTimeout";
  }
}

export interface RunOptions {
  readonly service: string;
  readonly deliveryId: string;
  /** Milliseconds for all attempts together. */
  readonly timeoutMs: number;
  /** How often it is tried while its errors are `retryable: true`. */
  readonly attempts: number;
  /** Aborts when nobody waits for the reply any more. */
  readonly signal: AbortSignal;
}

const firstPauseMs = 50;

/**
 * Runs a handler for one request.
 * @throws the handler's last error, HandlerTimeout, or the signal's reason. A handler that ignores its signal goes on in
 * the background: nothing can stop it.
 */
export async function runHandler(handler: Handler, body: Buffer, options: RunOptions): Promise<Buffer> {
  const { service, deliveryId, timeoutMs, attempts } = options;
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(new HandlerTimeout(timeoutMs)), timeoutMs);
  const signal = AbortSignal.any([options.signal, timeout.signal]);
  let onAbort = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason as Error);
    signal.addEventListener("abort", onAbort, { once: true });
  });
  aborted.catch(() => {});
  try {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const work = (async () => handler(body, { service, deliveryId, attempt, signal }))();
        return toBuffer(await Promise.race([work, aborted]));
      } catch (error) {
        const retryable = (error as { retryable?: unknown } | null | undefined)?.retryable === true;
        if (signal.aborted) throw signal.reason;
        if (!retryable || attempt >= attempts) throw error;
        await Promise.race([new Promise((resolve) => setTimeout(resolve, firstPauseMs * 2 ** (attempt - 1))), aborted]);
      }
    }
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort); // Node keeps a composite signal that somebody listens to, for ever
  }
}

function toBuffer(reply: unknown): Buffer {
  if (Buffer.isBuffer(reply)) return reply;
  if (typeof reply === "string") return Buffer.from(reply);
  if (reply instanceof Uint8Array) return Buffer.from(reply.buffer, reply.byteOffset, reply.byteLength);
  throw new TypeError(`a handler must return a Buffer or a string, not ${reply === null ? "null" : typeof reply}`);
}
