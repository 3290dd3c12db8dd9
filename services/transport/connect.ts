import { connect as connectSocket } from "node:net";
import { parseEndpoint } from "./endpoint.ts";
import { openConnection } from "./zmtp/connection.ts";
import type { Connection, ConnectionLimits } from "./zmtp/connection.ts";
import { curveClient } from "./zmtp/curve-client.ts";
import type { KeyChoice } from "./peer-keys.ts";
import { nullMechanism } from "./zmtp/mechanism.ts";

export interface ConnectOptions {
  /** One address, for instance `tcp://10.0.0.7:5556`; names are resolved beforehand (see resolve.ts). */
  readonly endpoint: string;
  /** Nothing for plain text. */
  readonly keys?: KeyChoice | undefined;
  readonly limits: ConnectionLimits & { readonly connectTimeoutMs: number };
  onOpen(connection: Connection): void;
  onMessage(connection: Connection, frames: Buffer[]): void;
  /** Once, after `onOpen`. */
  onClose(connection: Connection, error: Error | undefined): void;
  /** Once, instead of `onOpen`. */
  onFailure(error: Error): void;
}

/** Why there is no connection; the message names the endpoint. */
export class ConnectError extends Error {
  constructor(endpoint: string, reason: string, cause: Error) {
    super(`${endpoint}: ${reason}`, { cause });
    this.name = "ConnectError";
  }
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nobody listens there (connection refused)",
  ETIMEDOUT: "no answer (connection timed out)",
  EHOSTUNREACH: "no way to that host",
  ENETUNREACH: "no way to that network",
  ECONNRESET: "the connection was reset",
};

/** Connects as a DEALER, once: whoever wants another try makes another connection, with another identity. */
export function connect(options: ConnectOptions): Connection {
  const { endpoint, keys, limits } = options;
  const parsed = parseEndpoint(endpoint);
  if (parsed === undefined) throw new TypeError(`${endpoint} is not of the form tcp://host:port`);
  const curve = keys?.next();
  const socket = connectSocket({ host: parsed.host, port: parsed.port, noDelay: true });
  const timer = setTimeout(() => socket.destroy(Object.assign(new Error("timed out"), { code: "ETIMEDOUT" })), limits.connectTimeoutMs);
  socket.once("connect", () => clearTimeout(timer));
  socket.once("close", () => clearTimeout(timer));
  return openConnection(socket, "DEALER", curve === undefined ? nullMechanism("connects") : curveClient(curve), limits, {
    onOpen: options.onOpen,
    onMessage: options.onMessage,
    onClose: options.onClose,
    onHandshakeFailure(_, error) {
      if (curve !== undefined) keys?.failed(curve, error);
      const code = (error as NodeJS.ErrnoException).code ?? "";
      options.onFailure(new ConnectError(endpoint, reasons[code] ?? error.message, error));
    },
    admitsRoutingId: () => true,
  });
}
