/**
 * What somebody tries who wants in, or wants to do harm. It is run on loopback by the integration tests, and in a pod, through a
 * broker's Service, by the end-to-end ones: so it imports nothing but Node and `services/`.
 */
import { once } from "node:events";
import { connect as connectSocket, type Socket } from "node:net";
import { connect } from "../../services/transport/connect.ts";
import { limits } from "../../services/transport/limits.ts";
import { chooseKeys, type PeerKeys } from "../../services/transport/peer-keys.ts";
import { openConnection } from "../../services/transport/zmtp/connection.ts";
import { curveClient } from "../../services/transport/zmtp/curve-client.ts";
import { flag, headerBytes, writeHeader } from "../../services/transport/zmtp/frames.ts";
import { encodeGreeting } from "../../services/transport/zmtp/greeting.ts";
import { nullMechanism } from "../../services/transport/zmtp/mechanism.ts";

export interface Target {
  readonly host: string;
  readonly port: number;
}

/** As little of a handshake as there can be, and nothing after it. */
export const halfGreeting = Buffer.from("ff00000000000000017f03", "hex");

const connectionLimits = { ...limits, maxFrameBytes: 1_000_000, maxFrames: 100, maxUnsentBytes: Number.MAX_SAFE_INTEGER };

/** Connects and sends some bytes; what comes back is not read. */
export async function throwAt({ host, port }: Target, bytes: Buffer): Promise<Socket> {
  const socket = connectSocket(port, host);
  socket.on("error", () => {}).resume();
  await once(socket, "connect");
  if (bytes.length > 0) await new Promise((resolve) => socket.write(bytes, resolve));
  return socket;
}

/** Many connections that never finish their handshake; resolves when each is there or was refused. */
export async function halfOpen({ host, port }: Target, count: number, begun = halfGreeting): Promise<Socket[]> {
  const sockets = Array.from({ length: count }, () =>
    connectSocket(port, host)
      .on("error", () => {})
      .resume(),
  );
  await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once("close", resolve).once("connect", () => socket.write(begun, resolve)))));
  return sockets;
}

/** Shakes hands. @returns `admitted`, or what one is told instead */
export function knock({ host, port }: Target, keys?: PeerKeys): Promise<string> {
  return new Promise((resolve) => {
    const endpoint = `tcp://${host}:${port}`;
    const connection = connect({
      endpoint,
      keys: keys && chooseKeys(keys),
      limits: connectionLimits,
      onOpen() {
        resolve("admitted");
        connection.destroy();
      },
      onMessage() {},
      onClose() {},
      onFailure: ({ message }) => resolve(message.replace(`${endpoint}: `, "")),
    });
  });
}

/** Begins a frame that claims so many bytes, instead of a handshake, and goes on sending. @returns the bytes that were taken until the connection was closed */
export async function claimAtOnce({ host, port }: Target, bytes: number, mechanism: "NULL" | "CURVE"): Promise<number> {
  const socket = connectSocket(port, host);
  socket.on("error", () => {}).resume();
  await once(socket, "connect");
  socket.write(encodeGreeting(mechanism, false));
  return sendWithoutEnd(socket, flag.command, bytes);
}

/** The same after a handshake, as a message. */
export async function claimWhenAdmitted({ host, port }: Target, bytes: number, keys?: PeerKeys): Promise<number> {
  const socket = connectSocket(port, host);
  const mechanism = keys === undefined ? nullMechanism("connects") : curveClient(chooseKeys(keys).next());
  return new Promise((resolve, reject) => {
    openConnection(socket, "DEALER", mechanism, connectionLimits, {
      onOpen: () => void sendWithoutEnd(socket, 0, bytes).then(resolve, reject),
      onMessage() {},
      onClose() {},
      onHandshakeFailure: (_, error) => reject(error),
      admitsRoutingId: () => true,
    });
  });
}

async function sendWithoutEnd(socket: Socket, flags: number, bytes: number): Promise<number> {
  const header = Buffer.alloc(headerBytes(bytes));
  writeHeader(header, 0, flags, bytes);
  socket.write(header);
  const chunk = Buffer.alloc(65_536);
  let sent = 0;
  for (let over = false; !over; ) {
    over = await new Promise<boolean>((resolve) => socket.write(chunk, (error) => resolve(error instanceof Error)));
    if (!over) sent += chunk.length;
    if (sent >= bytes) throw new Error(`${sent} bytes were taken, and nobody minded`);
  }
  return sent;
}
