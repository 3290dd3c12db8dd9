import { Dealer } from "zeromq";
import { keepalive, limits } from "./limits.ts";

export interface DealerOptions {
  /** One address, for instance `tcp://10.0.0.7:5556`; names are resolved beforehand (see resolve.ts). */
  endpoint: string;
  /** Bytes; a broker that sends a larger frame is disconnected. */
  maxMessageBytes: number;
  /** Milliseconds that a closed socket still sends what it took. */
  lingerMs: number;
  /** Milliseconds for ZMTP's handshake. */
  handshakeTimeoutMs?: number;
  onMessage(frames: Buffer[]): void;
  /** ZMTP's handshake is done. libzmq reconnects by itself, so this may come again after `onDisconnect`. */
  onConnect(): void;
  onDisconnect(): void;
}

export interface ConnectedDealer {
  /** Hands a message to libzmq at once. @returns false where its pipe is full or the socket is closed. */
  send(frames: Buffer[]): Promise<boolean>;
  close(): void;
}

/** A DEALER with a routing id that the broker chooses afresh, so that nobody can guess or inherit it. */
export function connectDealer(options: DealerOptions): ConnectedDealer {
  const socket = new Dealer({
    sendTimeout: 0,
    sendHighWaterMark: limits.messagesPerPeer,
    receiveHighWaterMark: limits.messagesPerPeer,
    linger: options.lingerMs,
    maxMessageSize: options.maxMessageBytes,
    connectTimeout: limits.connectTimeoutMs,
    handshakeInterval: options.handshakeTimeoutMs ?? limits.handshakeTimeoutMs,
    reconnectInterval: limits.reconnectFromMs,
    reconnectMaxInterval: limits.reconnectToMs,
    ...keepalive,
  });
  // Events arrive through a socket of their own and may come after ours was closed.
  socket.events.on("handshake", () => socket.closed || options.onConnect());
  socket.events.on("disconnect", () => socket.closed || options.onDisconnect());
  socket.connect(options.endpoint);
  void receive(socket, options.onMessage);
  return {
    send: (frames) => send(socket, frames),
    close: () => socket.close(),
  };
}

async function receive(socket: Dealer, onMessage: (frames: Buffer[]) => void): Promise<void> {
  for await (const frames of socket) {
    if (socket.closed) return;
    onMessage(frames);
  }
}

async function send(socket: Dealer, frames: Buffer[]): Promise<boolean> {
  if (socket.closed) return false;
  try {
    await socket.send(frames);
    return true;
  } catch (error) {
    if ((error as { code?: string }).code === "EAGAIN" || socket.closed) return false;
    throw error;
  }
}
