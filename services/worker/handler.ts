/** W3C trace context, as it came with the request. */
export interface Trace {
  readonly traceparent: string;
  readonly tracestate?: string;
}

/** What a handler is told besides the body. */
export interface HandlerContext {
  readonly service: string;
  /** Names the request in the logs of client, broker and worker: `<16 hexadecimal digits>-<id>`. */
  readonly requestId: string;
  /** 1 where it surely runs for the first time; more after an error with `retryable: true`, or when a worker was lost with it. */
  readonly attempt: number;
  /** Aborts when the time is up or nobody waits for the reply any more. */
  readonly signal: AbortSignal;
  readonly trace: Trace | undefined;
  /** Milliseconds until the request's time is up. */
  remainingMs(): number;
}

export type Reply = Buffer | Uint8Array | string;
/** A reply, or parts of one in their order. What a generator returns, if anything, is the last part. */
// biome-ignore lint/suspicious/noConfusingVoidType: a generator that returns nothing is of this type.
export type Answer = Reply | AsyncIterable<Reply, Reply | void> | Iterable<Reply, Reply | void>;

/**
 * Turns a request's body into a reply's, or into parts of one (a generator: it is not asked for the next part before the
 * client takes it). An error that it throws ends the request; with `retryable: true` on the error it is tried again first. It
 * may run more than once for one request: a worker can die between its work and its reply.
 */
export type Handler = (body: Buffer, context: HandlerContext) => Answer | Promise<Answer>;

/** An error whose message the client may read; of others it learns only that the handler failed. */
export class HandlerError extends Error {
  readonly expose = true;
  /** Whether the worker tries again before it tells the client. */
  readonly retryable: boolean;
  constructor(message: string, options: { cause?: unknown; retryable?: boolean } = {}) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.name = "HandlerError";
    this.retryable = options.retryable ?? false;
  }
}

/** The time for one request is over. */
export class HandlerTimeout extends Error {
  constructor(timeoutMs: number) {
    super(`the handler took longer than ${Math.round(timeoutMs)} ms`);
    this.name = "HandlerTimeout";
  }
}

/** @throws TypeError where it is no reply. */
export function replyBytes(reply: unknown): Buffer {
  if (Buffer.isBuffer(reply)) return reply;
  if (typeof reply === "string") return Buffer.from(reply);
  if (reply instanceof Uint8Array) return Buffer.from(reply.buffer, reply.byteOffset, reply.byteLength);
  throw new TypeError(`a handler must return a Buffer or a string, or yield some, not ${reply === null ? "null" : typeof reply}`);
}
