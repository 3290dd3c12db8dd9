import { Router } from "zeromq";
import { keepalive, limits } from "./limits.ts";

export interface RouterOptions {
  /** Where to bind, for instance `tcp://*:5555`. */
  endpoint: string;
  /** Bytes; a peer that sends a larger frame is disconnected. */
  maxMessageBytes: number;
  /** Milliseconds for ZMTP's handshake. */
  handshakeTimeoutMs?: number;
  /** Milliseconds that the closed socket still sends what it took. */
  lingerMs: number;
  /** A peer's message: its routing id, and the frames after it. */
  onMessage(peer: Buffer, frames: Buffer[]): void;
  onConnect(): void;
  onDisconnect(): void;
  onHandshakeFailure(reason: string): void;
}

export interface BoundRouter {
  /**
   * Hands a message to libzmq at once or not at all.
   * @returns "sent", "unreachable" (no such peer: EHOSTUNREACH) or "full" (its pipe is at the mark: EAGAIN).
   */
  send(peer: Buffer, frames: Buffer[]): Promise<SendOutcome>;
  /** Stops listening; what was handed over is sent for `lingerMs` more. */
  close(): void;
}

export type SendOutcome = "sent" | "unreachable" | "full";

/** An endpoint that could not be bound, with the operating system's reason in `code` (EADDRINUSE, EACCES, …). */
export class BindError extends Error {
  readonly endpoint: string;
  readonly code: string;
  constructor(endpoint: string, cause: Error & { code?: string }) {
    super(`cannot bind ${endpoint}: ${cause.message}`, { cause });
    this.name = "BindError";
    this.endpoint = endpoint;
    this.code = cause.code ?? "UNKNOWN";
  }
}

/** Binds a ROUTER that never drops silently and never lets a peer take another's routing id. @throws BindError */
export async function bindRouter(options: RouterOptions): Promise<BoundRouter> {
  const socket = new Router({
    mandatory: true,
    handover: false,
    sendTimeout: 0,
    sendHighWaterMark: limits.messagesPerPeer,
    receiveHighWaterMark: limits.messagesPerPeer,
    linger: options.lingerMs,
    maxMessageSize: options.maxMessageBytes,
    handshakeInterval: options.handshakeTimeoutMs ?? limits.handshakeTimeoutMs,
    backlog: limits.backlog,
    ...keepalive,
  });
  socket.events.on("accept", () => options.onConnect());
  socket.events.on("disconnect", () => options.onDisconnect());
  for (const event of ["handshake:error:protocol", "handshake:error:auth", "handshake:error:other"] as const) {
    socket.events.on(event, ({ error }) => options.onHandshakeFailure(error.message));
  }
  try {
    await socket.bind(options.endpoint);
  } catch (error) {
    socket.close();
    throw new BindError(options.endpoint, error as Error);
  }
  void receive(socket, options.onMessage);
  return {
    send: (peer, frames) => send(socket, peer, frames),
    close: () => socket.close(),
  };
}

async function receive(socket: Router, onMessage: RouterOptions["onMessage"]): Promise<void> {
  for await (const [peer, ...frames] of socket) onMessage(peer!, frames);
}

async function send(socket: Router, peer: Buffer, frames: Buffer[]): Promise<SendOutcome> {
  try {
    // With `sendTimeout: 0` libzmq answers before this returns, so sends never overlap (EBUSY) and keep their order.
    await socket.send([peer, ...frames]);
    return "sent";
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === "EHOSTUNREACH") return "unreachable";
    if (code === "EAGAIN") return "full";
    if (socket.closed) return "unreachable";
    throw error;
  }
}
