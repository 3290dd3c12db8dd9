/** Records ⇄ calls between a client and a broker: our extension, SPEC.md. Nothing is allocated a record but its body's view. */
import { type Color, colors } from "../../contract/names.ts";
import type { Body } from "../message.ts";
import { clientRecord as record, errorNames, executedNames, headerBytes, headers, instanceBytes, requestFlag, roles } from "./codes.ts";
import type { ErrorName, Executed, Role } from "./codes.ts";
import { RecordError, RecordReader } from "./reader.ts";
import { bodyRoom, textBytes } from "./writer.ts";
import type { RecordWriter } from "./writer.ts";

const header = headers.client;
/** The number of a colour that is not told. */
const noColor = 255;

/** What a broker tells a new peer of ours about itself. */
export interface Welcome {
  readonly version: number;
  /** 16 hexadecimal digits, new at each start of the broker. */
  readonly instance: string;
  readonly role: Role;
  readonly heartbeatIntervalMs: number;
  /** Intervals of silence after which either side holds the other for dead. */
  readonly heartbeatLiveness: number;
  /** Bytes of a body. */
  readonly maxBodyBytes: number;
  /** Requests that one client may have outstanding. */
  readonly maxOutstanding: number;
  /** For logs; a broker that speaks version 1 does not tell it. */
  readonly color?: Color | undefined;
}

/** What a client may say. */
export interface FromClientVisitor {
  hello(versionFrom: number, versionTo: number, instance: string): void;
  heartbeat(): void;
  /** `partialCredit`: partial replies that the client takes before it gives more; 0 where it wants only the whole. */
  request(id: number, timeoutMs: number, retry: boolean, service: string, trace: string | undefined, partialCredit: number, body: Buffer): void;
  cancel(id: number): void;
  partialCredit(id: number, count: number): void;
  disconnect(): void;
}

/** What a broker may say to a client. */
export interface ToClientVisitor {
  welcome(welcome: Welcome): void;
  heartbeat(role: Role): void;
  reply(id: number, body: Buffer): void;
  partial(id: number, body: Buffer): void;
  error(id: number, name: ErrorName, executed: Executed, message: string): void;
  goAway(role: Role): void;
  disconnect(reason: string): void;
}

/** Whether a message is our extension's, from or to a client. */
export function isClientMessage(frames: readonly Buffer[]): boolean {
  const head = frames[0];
  return head !== undefined && head.length >= headerBytes && head.compare(header, 0, headerBytes, 0, headerBytes) === 0;
}

/** Reads a client's message. Records before a wrong one have been visited. @throws RecordError */
export function readFromClient(frames: readonly Buffer[], visitor: FromClientVisitor): void {
  const reader = new RecordReader(frames, headerBytes);
  while (reader.more) {
    const type = reader.u8("type");
    switch (type) {
      case record.request: {
        const id = reader.u32("REQUEST id");
        const timeoutMs = reader.u32("REQUEST time-out");
        const flags = reader.u8("REQUEST flags");
        const service = reader.name("REQUEST service");
        const trace = (flags & requestFlag.trace) === 0 ? undefined : reader.text("REQUEST trace");
        const partialCredit = (flags & requestFlag.partial) === 0 ? 0 : reader.u32("REQUEST partial credit");
        visitor.request(id, timeoutMs, (flags & requestFlag.retry) !== 0, service, trace, partialCredit, reader.body("REQUEST body"));
        break;
      }
      case record.heartbeat:
        visitor.heartbeat();
        break;
      case record.cancel:
        visitor.cancel(reader.u32("CANCEL id"));
        break;
      case record.partialCredit: {
        const id = reader.u32("PARTIAL CREDIT id");
        visitor.partialCredit(id, reader.u32("PARTIAL CREDIT count"));
        break;
      }
      case record.hello: {
        const from = reader.u8("HELLO version");
        const to = reader.u8("HELLO version");
        visitor.hello(from, to, reader.bytes(instanceBytes, "HELLO instance").toString("hex"));
        break;
      }
      case record.disconnect:
        visitor.disconnect();
        break;
      default:
        throw new RecordError(`0x${type.toString(16)} is not a client's record`);
    }
  }
  reader.end();
}

/** Reads a broker's message to a client. @throws RecordError */
export function readToClient(frames: readonly Buffer[], visitor: ToClientVisitor): void {
  const reader = new RecordReader(frames, headerBytes);
  while (reader.more) {
    const type = reader.u8("type");
    switch (type) {
      case record.reply: {
        const id = reader.u32("REPLY id");
        visitor.reply(id, reader.body("REPLY body"));
        break;
      }
      case record.partial: {
        const id = reader.u32("PARTIAL id");
        visitor.partial(id, reader.body("PARTIAL body"));
        break;
      }
      case record.error: {
        const id = reader.u32("ERROR id");
        const name = errorNames[reader.u8("ERROR code") - 1];
        const executed = executedNames[reader.u8("ERROR executed")];
        if (name === undefined || executed === undefined) throw new RecordError("ERROR: an unknown code");
        visitor.error(id, name, executed, reader.text("ERROR message"));
        break;
      }
      case record.brokerHeartbeat:
        visitor.heartbeat(readRole(reader));
        break;
      case record.goAway:
        visitor.goAway(readRole(reader));
        break;
      case record.welcome:
        visitor.welcome(readWelcome(reader));
        break;
      case record.brokerDisconnect:
        visitor.disconnect(reader.text("DISCONNECT reason"));
        break;
      default:
        throw new RecordError(`0x${type.toString(16)} is not a broker's record to a client`);
    }
  }
  reader.end();
}

export function readRole(reader: RecordReader): Role {
  const role = roles[reader.u8("role")];
  if (role === undefined) throw new RecordError("role: unknown");
  return role;
}

export function readWelcome(reader: RecordReader): Welcome {
  const version = reader.u8("WELCOME version");
  return {
    version,
    instance: reader.bytes(instanceBytes, "WELCOME instance").toString("hex"),
    role: readRole(reader),
    heartbeatIntervalMs: reader.u32("WELCOME heartbeat interval"),
    heartbeatLiveness: reader.u8("WELCOME heartbeat liveness"),
    maxBodyBytes: reader.u32("WELCOME body bytes"),
    maxOutstanding: reader.u32("WELCOME outstanding"),
    ...(version >= 2 && { color: colors[reader.u8("WELCOME colour")] }),
  };
}

export function writeWelcome(writer: RecordWriter, to: Buffer, welcome: Welcome): void {
  writer.begin(to, record.welcome, 64);
  writer.u8(welcome.version);
  writer.raw(Buffer.from(welcome.instance, "hex"));
  writer.u8(roles.indexOf(welcome.role));
  writer.u32(welcome.heartbeatIntervalMs);
  writer.u8(welcome.heartbeatLiveness);
  writer.u32(welcome.maxBodyBytes);
  writer.u32(welcome.maxOutstanding);
  if (welcome.version >= 2) writer.u8(welcome.color === undefined ? noColor : colors.indexOf(welcome.color));
}

/** What a client writes. */
export const fromClient = {
  /** `instance`: 16 hexadecimal digits, the same on every connection of one client. */
  hello(writer: RecordWriter, versionFrom: number, versionTo: number, instance: string): void {
    writer.begin(header, record.hello, 2 + instanceBytes);
    writer.u8(versionFrom);
    writer.u8(versionTo);
    writer.raw(Buffer.from(instance, "hex"));
  },
  heartbeat(writer: RecordWriter): void {
    writer.begin(header, record.heartbeat, 0);
  },
  /** `timeoutMs`: what is left of its time. */
  request(
    writer: RecordWriter,
    id: number,
    timeoutMs: number,
    retry: boolean,
    service: string,
    trace: string | undefined,
    partialCredit: number,
    body: Buffer,
  ): void {
    const traceBytes = trace === undefined ? undefined : textBytes(trace);
    writer.begin(header, record.request, 4 + 4 + 1 + 1 + service.length + (traceBytes === undefined ? 0 : 2 + traceBytes.length) + 4 + bodyRoom(body));
    writer.u32(id);
    writer.u32(timeoutMs);
    writer.u8((traceBytes === undefined ? 0 : requestFlag.trace) | (retry ? requestFlag.retry : 0) | (partialCredit > 0 ? requestFlag.partial : 0));
    writer.name(service);
    if (traceBytes !== undefined) writer.text(traceBytes);
    if (partialCredit > 0) writer.u32(partialCredit);
    writer.body(body);
  },
  cancel(writer: RecordWriter, id: number): void {
    writer.begin(header, record.cancel, 4);
    writer.u32(id);
  },
  partialCredit(writer: RecordWriter, id: number, count: number): void {
    writer.begin(header, record.partialCredit, 8);
    writer.u32(id);
    writer.u32(count);
  },
  disconnect(writer: RecordWriter): void {
    writer.begin(header, record.disconnect, 0);
  },
} as const;

/** What a broker writes to a client. */
export const toClient = {
  welcome(writer: RecordWriter, welcome: Welcome): void {
    writeWelcome(writer, header, welcome);
  },
  heartbeat(writer: RecordWriter, role: Role): void {
    writer.begin(header, record.brokerHeartbeat, 1);
    writer.u8(roles.indexOf(role));
  },
  reply(writer: RecordWriter, id: number, body: Buffer, more?: Body): void {
    writer.begin(header, record.reply, 4 + bodyRoom(body, more));
    writer.u32(id);
    writer.body(body, more);
  },
  partial(writer: RecordWriter, id: number, body: Buffer, more?: Body): void {
    writer.begin(header, record.partial, 4 + bodyRoom(body, more));
    writer.u32(id);
    writer.body(body, more);
  },
  error(writer: RecordWriter, id: number, name: ErrorName, executed: Executed, message: string): void {
    const text = textBytes(message);
    writer.begin(header, record.error, 4 + 2 + 2 + text.length);
    writer.u32(id);
    writer.u8(errorNames.indexOf(name) + 1);
    writer.u8(executedNames.indexOf(executed));
    writer.text(text);
  },
  goAway(writer: RecordWriter, role: Role): void {
    writer.begin(header, record.goAway, 1);
    writer.u8(roles.indexOf(role));
  },
  disconnect(writer: RecordWriter, reason: string): void {
    const text = textBytes(reason);
    writer.begin(header, record.brokerDisconnect, 2 + text.length);
    writer.text(text);
  },
} as const;
