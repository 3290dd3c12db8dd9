import type { Socket } from "node:net";
import { createFrameReader, flag, headerBytes, ProtocolError, writeHeader } from "./frames.ts";
import { checkGreeting, encodeGreeting, greetingBytes } from "./greeting.ts";
import { commandName, encodeCommand, encodeError, encodeMetadata, Refused } from "./mechanism.ts";
import type { Identity, Mechanism, SocketType } from "./mechanism.ts";

/** Bodies from this size on are handed to the kernel where they lie; smaller ones are copied together. */
const copiedBelowBytes = 2048;

export interface ConnectionLimits {
  /** Bytes of a frame. */
  readonly maxFrameBytes: number;
  /** Frames of a message. */
  readonly maxFrames: number;
  /** Bytes that may wait for the peer to read them; `send` refuses while there are more. */
  readonly maxUnsentBytes: number;
  /** Milliseconds from the connection to the end of the handshake, and, where nothing else is said, for the peer to close its side of one that ends. */
  readonly handshakeTimeoutMs: number;
}

export interface ConnectionEvents {
  onOpen(connection: Connection): void;
  onMessage(connection: Connection, frames: Buffer[]): void;
  /** Once, after `onOpen`. `error` says what the peer did wrong, if it did. */
  onClose(connection: Connection, error: Error | undefined): void;
  /** Once, instead of `onOpen`. */
  onHandshakeFailure(remote: string, error: Error): void;
  /** Whether the peer may have this routing id, which may be empty. */
  admitsRoutingId(routingId: Buffer): boolean;
}

/** One peer on one TCP connection. */
export interface Connection {
  /** Address and port of the other end. */
  readonly remote: string;
  /** What the peer asked to be called (RFC 37, "Identity"); empty for most. */
  readonly routingId: Buffer;
  readonly identity: Identity | undefined;
  readonly closed: boolean;
  /** Bytes that the kernel has not taken yet. */
  readonly unsentBytes: number;
  /**
   * Takes a message; it goes out with all others of this turn of the event loop. The buffers must not be changed afterwards.
   * @returns false where the connection is closed, or the peer reads too slowly (`closed` tells which); nothing was taken then.
   */
  send(frames: readonly Buffer[]): boolean;
  /** Hands to the kernel now what was taken, for a caller that has gathered a whole turn itself. */
  flush(): void;
  /** Stops reading, so that the peer's kernel, and then the peer, has to wait. */
  pause(): void;
  resume(): void;
  /** Sends what it took, then closes; after so many milliseconds it is destroyed. The last call counts. */
  end(withinMs?: number): void;
  /** Closes at once. */
  destroy(error?: Error): void;
}

const compatible: Record<SocketType, ReadonlySet<string>> = {
  ROUTER: new Set(["REQ", "DEALER", "ROUTER"]),
  DEALER: new Set(["REP", "DEALER", "ROUTER"]),
};

const noRoutingId: Buffer = Buffer.alloc(0);

/** Speaks ZMTP 3.1 (RFC 37) over a connected TCP socket, as either side. */
export function openConnection(socket: Socket, socketType: SocketType, mechanism: Mechanism, limits: ConnectionLimits, events: ConnectionEvents): Connection {
  let state: "greeting" | "handshake" | "open" | "closed" = "greeting";
  let greeting = Buffer.alloc(0);
  let routingId = noRoutingId;
  let identity: Identity | undefined;
  let message: Buffer[] = [];
  let pending: Buffer[] = [];
  let pendingFlags: number[] = [];
  let pendingBytes = 0;
  let flushing: NodeJS.Immediate | undefined;
  let ending: NodeJS.Timeout | undefined;
  let remote = `${socket.remoteAddress ?? "?"}:${socket.remotePort ?? 0}`;

  const unsentBytes = (): number => pendingBytes + socket.writableLength;
  const readsTooSlowly = (): boolean => unsentBytes() > limits.maxUnsentBytes;

  const flush = (): void => {
    flushing = undefined;
    if (pending.length === 0 || socket.destroyed) return;
    const frames = pending;
    const flags = pendingFlags;
    pending = [];
    pendingFlags = [];
    pendingBytes = 0;
    let copied = 0;
    let direct = 0;
    for (const frame of frames) {
      copied += headerBytes(frame.length);
      if (frame.length < copiedBelowBytes) copied += frame.length;
      else direct += 1;
    }
    const target = Buffer.allocUnsafe(copied);
    if (direct > 0) socket.cork();
    let at = 0;
    let written = 0;
    for (let index = 0; index < frames.length; index += 1) {
      const frame = frames[index]!;
      at = writeHeader(target, at, flags[index]!, frame.length);
      if (frame.length < copiedBelowBytes) {
        target.set(frame, at);
        at += frame.length;
      } else {
        socket.write(target.subarray(written, at));
        socket.write(frame);
        written = at;
      }
    }
    if (written < at) socket.write(written === 0 ? target : target.subarray(written));
    if (direct > 0) socket.uncork();
  };

  const append = (flags: number, frame: Buffer): void => {
    pending.push(frame);
    pendingFlags.push(flags);
    pendingBytes += frame.length + 9;
  };

  const schedule = (): void => {
    flushing ??= setImmediate(flush);
  };

  const command = (body: Buffer): void => {
    append(flag.command, body);
    schedule();
  };

  const close = (error: Error | undefined): void => {
    if (state === "closed") return;
    const wasOpen = state === "open";
    state = "closed";
    clearTimeout(deadline);
    clearTimeout(ending);
    reader.stop();
    if (flushing !== undefined) clearImmediate(flushing);
    pending = [];
    pendingFlags = [];
    pendingBytes = 0;
    message = [];
    socket.destroy();
    if (wasOpen) events.onClose(connection, error);
    else events.onHandshakeFailure(remote, error ?? mechanism.refusedInSilence ?? new ProtocolError("the peer left during the handshake"));
  };

  /** A reset while the handshake goes on is a refusal like any other hanging up. */
  const hungUp = (error: NodeJS.ErrnoException): Error => (error.code === "ECONNRESET" ? (mechanism.refusedInSilence ?? error) : error);

  const fail = (error: unknown): void => {
    if (!(error instanceof ProtocolError)) throw error;
    if (error instanceof Refused && !socket.destroyed) {
      append(flag.command, encodeError(error.status));
      flush();
    }
    close(error);
  };

  const onCommand = (body: Buffer): void => {
    if (state === "open") {
      // RFC 37: PING is answered by PONG with its context (at most 16 bytes); other commands are a later version's.
      if (commandName(body) !== "PING") return;
      if (readsTooSlowly()) throw new ProtocolError("the peer sends PING and does not read");
      sealedCommand(encodeCommand("PONG", body.subarray(7, 23)));
      return;
    }
    const { send, metadata, identity: proved } = mechanism.next(body);
    if (send !== undefined) command(send);
    if (metadata === undefined) return;
    const type = metadata.get("socket-type")?.toString("latin1") ?? "";
    if (!compatible[socketType].has(type)) throw new ProtocolError(`a ${type.replace(/[^A-Z]/g, "?") || "nameless"} socket cannot talk to this ${socketType}`);
    routingId = Buffer.from(metadata.get("identity") ?? noRoutingId);
    if (routingId.length > 255) throw new ProtocolError("a routing id longer than 255 bytes");
    if (!events.admitsRoutingId(routingId)) throw new ProtocolError("a routing id that another connection has");
    identity = proved;
    state = "open";
    clearTimeout(deadline);
    events.onOpen(connection);
  };

  const sealedCommand = (body: Buffer): void => {
    if (mechanism.seal === undefined) command(body);
    else {
      append(0, mechanism.seal(flag.command, body));
      schedule();
    }
  };

  const onFrame = (flags: number, body: Buffer): void => {
    if (state !== "open") {
      if (state === "closed") return;
      if ((flags & flag.command) === 0) throw new ProtocolError("a message before the handshake was done");
      onCommand(body);
      return;
    }
    if (mechanism.open !== undefined) ({ flags, body } = mechanism.open(body));
    if (body.length > limits.maxFrameBytes) throw new ProtocolError(`a frame of ${body.length} bytes, at most ${limits.maxFrameBytes} are allowed`);
    if ((flags & flag.command) !== 0) {
      onCommand(body);
      return;
    }
    message.push(body);
    if ((flags & flag.more) !== 0) {
      if (message.length >= limits.maxFrames) throw new ProtocolError(`a message of more than ${limits.maxFrames} frames`);
      return;
    }
    const frames = message;
    message = [];
    events.onMessage(connection, frames);
  };

  // What seals a frame makes it longer, by less than this.
  const reader = createFrameReader(limits.maxFrameBytes + 64, onFrame);

  const onData = (chunk: Buffer): void => {
    try {
      if (state === "greeting") {
        greeting = Buffer.concat([greeting, chunk]);
        checkGreeting(greeting.subarray(0, greetingBytes), mechanism.name);
        if (greeting.length < greetingBytes) return;
        state = "handshake";
        const first = mechanism.start(encodeMetadata({ "Socket-Type": socketType, Identity: "" }));
        if (first !== undefined) command(first);
        chunk = greeting.subarray(greetingBytes);
        if (chunk.length === 0) return;
      }
      reader.push(chunk);
    } catch (error) {
      fail(error);
    }
  };

  const deadline = setTimeout(() => close(new ProtocolError(`no handshake within ${limits.handshakeTimeoutMs} ms`)), limits.handshakeTimeoutMs);

  const connection: Connection = {
    get remote() {
      return remote;
    },
    get routingId() {
      return routingId;
    },
    get identity() {
      return identity;
    },
    get closed() {
      return state === "closed";
    },
    get unsentBytes() {
      return unsentBytes();
    },
    send(frames) {
      if (state !== "open" || readsTooSlowly()) return false;
      const last = frames.length - 1;
      for (let index = 0; index <= last; index += 1) {
        const flags = index === last ? 0 : flag.more;
        if (mechanism.seal === undefined) append(flags, frames[index]!);
        else append(0, mechanism.seal(flags, frames[index]!));
      }
      schedule();
      return true;
    },
    flush() {
      if (flushing !== undefined) clearImmediate(flushing);
      flush();
    },
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    end(withinMs = limits.handshakeTimeoutMs) {
      if (state === "closed") return;
      if (flushing !== undefined) clearImmediate(flushing);
      flush();
      socket.end();
      clearTimeout(ending);
      ending = setTimeout(() => close(new Error("the peer does not end the connection")), withinMs).unref();
    },
    destroy: close,
  };

  socket.once("connect", () => (remote = `${socket.remoteAddress ?? "?"}:${socket.remotePort ?? 0}`));
  socket.setNoDelay(true);
  socket.setKeepAlive(true, 15_000);
  socket.on("data", onData);
  socket.on("error", (error) => close(state === "greeting" || state === "handshake" ? hungUp(error) : error));
  socket.on("close", () => close(undefined));
  socket.write(encodeGreeting(mechanism.name, mechanism.asServer));
  return connection;
}
