import { createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { BindError } from "./bind-error.ts";
import { parseEndpoint } from "./endpoint.ts";
import { openConnection } from "./zmtp/connection.ts";
import type { Connection, ConnectionLimits } from "./zmtp/connection.ts";
import { curveServer } from "./zmtp/curve-server.ts";
import type { ServerCurve } from "./zmtp/curve-server.ts";
import { nullMechanism } from "./zmtp/mechanism.ts";

export type { ServerCurve } from "./zmtp/curve-server.ts";

/** Connections waiting to be accepted, so that a crowd after a restart need not knock twice. */
const backlog = 1024;

export interface ListenOptions {
  /** Where to listen, for instance `tcp://*:5555`; port 0 lets the system choose. */
  readonly endpoint: string;
  /** Nothing for plain text. */
  readonly curve?: ServerCurve;
  readonly limits: ConnectionLimits & {
    readonly maxConnections: number;
    /**
     * Connections whose handshake is not done. Where there are more, or no room among `maxConnections`, the oldest of them has to go: a
     * peer that means it is done in an instant, so a crowd that stays silent keeps nobody out.
     */
    readonly maxHandshakes: number;
  };
  onOpen(connection: Connection): void;
  onMessage(connection: Connection, frames: Buffer[]): void;
  onClose(connection: Connection, error: Error | undefined): void;
  /** A connection ended before it was one. `remote` is its address and port. */
  onHandshakeFailure(remote: string, error: Error): void;
  /** A connection was closed at once because there are as many as are allowed. */
  onRefused(remote: string): void;
}

export interface Listener {
  readonly port: number;
  readonly connections: number;
  /** Accepts nothing more, lets every connection send what it took, for so many milliseconds at most. Resolves when all are closed. */
  close(lingerMs: number): Promise<void>;
}

/** Listens as a ROUTER. A routing id that a living connection has is not given to another. @throws BindError */
export async function listen(options: ListenOptions): Promise<Listener> {
  const { limits, curve } = options;
  const parsed = parseEndpoint(options.endpoint);
  if (parsed === undefined) throw new BindError(options.endpoint, new Error("it is not of the form tcp://host:port"));
  const open = new Set<Connection>();
  const shaking = new Map<Socket, Connection>();
  const routingIds = new Set<string>();
  let onAllClosed: (() => void) | undefined;

  const left = (): void => {
    if (open.size + shaking.size === 0) onAllClosed?.();
  };

  const accept = (socket: Socket): void => {
    const remote = `${socket.remoteAddress ?? "?"}:${socket.remotePort ?? 0}`;
    if (open.size >= limits.maxConnections) {
      socket.on("error", () => {});
      socket.destroy();
      options.onRefused(remote);
      return;
    }
    if (shaking.size >= limits.maxHandshakes || open.size + shaking.size >= limits.maxConnections) {
      const [oldest] = shaking.values();
      oldest!.destroy(new Error("others wait for the place of one that does not finish its handshake"));
    }
    const connecting = openConnection(socket, "ROUTER", curve === undefined ? nullMechanism("listens") : curveServer(curve), limits, {
      onOpen(connection) {
        shaking.delete(socket);
        open.add(connection);
        options.onOpen(connection);
      },
      onMessage: options.onMessage,
      onClose(connection, error) {
        open.delete(connection);
        if (connection.routingId.length > 0) routingIds.delete(connection.routingId.toString("latin1"));
        options.onClose(connection, error);
        left();
      },
      onHandshakeFailure(_, error) {
        shaking.delete(socket);
        options.onHandshakeFailure(remote, error);
        left();
      },
      admitsRoutingId(routingId) {
        const text = routingId.toString("latin1");
        if (text === "") return true;
        if (routingIds.has(text)) return false;
        routingIds.add(text);
        return true;
      },
    });
    shaking.set(socket, connecting);
  };

  const server = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: 15_000 }, accept);
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(new BindError(options.endpoint, error)));
    server.listen({ port: parsed.port, backlog, ...(parsed.host === "*" ? {} : { host: parsed.host }) }, resolve);
  });
  // Out of descriptors, for instance: who knocks has to wait, the others are served.
  server.on("error", (error) => options.onHandshakeFailure("?", error));

  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return open.size;
    },
    async close(lingerMs) {
      server.close();
      for (const socket of shaking.keys()) socket.destroy();
      for (const connection of [...open]) connection.end(lingerMs);
      if (open.size + shaking.size === 0) return;
      await new Promise<void>((resolve) => (onAllClosed = resolve));
    },
  };
}
