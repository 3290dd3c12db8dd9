import { ProtocolError } from "./frames.ts";

export type SocketType = "ROUTER" | "DEALER";

/** What both sides tell each other while they shake hands (RFC 37, "connection metadata"). */
export type Metadata = ReadonlyMap<string, Buffer>;

/** Who the peer proved to be: its CURVE public key in Z85 and the name under which that key is admitted. */
export interface Identity {
  readonly publicKey: string;
  readonly name: string;
  /** The server's public key by which it came in. */
  readonly serverKey?: string;
  /** The services that this key is for; all where it is not given. */
  readonly services?: readonly string[];
}

/** One connection's security: the handshake after the greeting, and what is done to each frame afterwards. */
export interface Mechanism {
  readonly name: "NULL" | "CURVE";
  readonly asServer: boolean;
  /** The first command to send once the greetings have been exchanged, if it is this side's turn. */
  start(metadata: Buffer): Buffer | undefined;
  /**
   * The peer's next command.
   * @returns what to send, and the peer's metadata when the handshake is done.
   * @throws ProtocolError, or Refused where the peer is to be told.
   */
  next(command: Buffer): { send?: Buffer; metadata?: Metadata; identity?: Identity };
  /** What it means when the other side closes without a word now. */
  refusedInSilence?: ProtocolError;
  /** Wraps a frame; absent where frames go as they are. `flags` are `more` and `command`. */
  seal?(flags: number, body: Buffer): Buffer;
  /** Unwraps a frame. @throws ProtocolError */
  open?(body: Buffer): { flags: number; body: Buffer };
}

/** The peer is refused and told so by an ERROR command with this status (RFC 27: 300, 400 or 500). */
export class Refused extends ProtocolError {
  readonly status: string;
  constructor(status: string, message: string) {
    super(message);
    this.name = "Refused";
    this.status = status;
  }
}

export function commandName(command: Buffer): string {
  const length = command[0];
  if (length === undefined || length === 0 || command.length < 1 + length) throw new ProtocolError("a command without a name");
  return command.toString("latin1", 1, 1 + length);
}

export function encodeCommand(name: string, ...parts: Buffer[]): Buffer {
  return Buffer.concat([Buffer.of(name.length), Buffer.from(name, "latin1"), ...parts]);
}

export function encodeError(reason: string): Buffer {
  return encodeCommand("ERROR", Buffer.of(reason.length), Buffer.from(reason, "latin1"));
}

/** The reason in an ERROR command, safe to print. */
export function errorReason(command: Buffer): string {
  return command.toString("latin1", 7, 7 + (command[6] ?? 0)).replace(/[^\x20-\x7e]/g, "?");
}

export function encodeMetadata(properties: Readonly<Record<string, string>>): Buffer {
  const parts: Buffer[] = [];
  for (const [name, value] of Object.entries(properties)) {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(Buffer.byteLength(value, "latin1"));
    parts.push(Buffer.of(name.length), Buffer.from(name, "latin1"), length, Buffer.from(value, "latin1"));
  }
  return Buffer.concat(parts);
}

/** Names are lower-cased: RFC 37 compares them without regard to case. @throws ProtocolError */
export function decodeMetadata(bytes: Buffer): Metadata {
  const properties = new Map<string, Buffer>();
  let at = 0;
  while (at < bytes.length) {
    const nameEnd = at + 1 + bytes[at]!;
    if (nameEnd + 4 > bytes.length) throw new ProtocolError("metadata are cut off");
    const valueEnd = nameEnd + 4 + bytes.readUInt32BE(nameEnd);
    if (valueEnd > bytes.length) throw new ProtocolError("metadata are cut off");
    properties.set(bytes.toString("latin1", at + 1, nameEnd).toLowerCase(), bytes.subarray(nameEnd + 4, valueEnd));
    at = valueEnd;
  }
  return properties;
}

/**
 * ZMTP's NULL mechanism (RFC 37): both sides send READY with their metadata; nothing is proved, nothing is hidden.
 * Who connects sends its own at once. Who listens answers it: a peer that is to be refused then never sees READY, and
 * keeps what it wants to send for its next connection.
 */
export function nullMechanism(side: "connects" | "listens"): Mechanism {
  const listens = side === "listens";
  let ready: Buffer = Buffer.alloc(0);
  return {
    name: "NULL",
    asServer: false,
    start(metadata) {
      ready = encodeCommand("READY", metadata);
      return listens ? undefined : ready;
    },
    next(command) {
      const name = commandName(command);
      if (name === "ERROR") throw new ProtocolError(`the peer refused: ${errorReason(command)}`);
      if (name !== "READY") throw new ProtocolError("a command other than READY during the handshake");
      const metadata = decodeMetadata(command.subarray(6));
      return listens ? { send: ready, metadata } : { metadata };
    },
  };
}
