/** Records ⇄ calls between a broker and a worker: our extension, SPEC.md. Nothing is allocated a record but its body's view. */
import type { Body } from "../message.ts";
import { readWelcome, writeWelcome } from "./client.ts";
import type { Welcome } from "./client.ts";
import { errorNames, headerBytes, headers, instanceBytes, requestFlag, workerRecord as record } from "./codes.ts";
import type { ErrorName } from "./codes.ts";
import { RecordError, RecordReader } from "./reader.ts";
import { bodyRoom, textBytes } from "./writer.ts";
import type { RecordWriter } from "./writer.ts";

const header = headers.worker;

/** What a worker may say. `delivery` is the number that the broker gave a request on this connection, from 1 upwards. */
export interface FromWorkerVisitor {
  hello(versionFrom: number, versionTo: number, instance: string): void;
  heartbeat(): void;
  ready(service: string): void;
  /** So many requests more may be delivered. */
  credit(count: number): void;
  /** All deliveries up to this one may have begun. */
  started(upTo: number): void;
  reply(delivery: number, body: Buffer): void;
  partial(delivery: number, body: Buffer): void;
  error(delivery: number, name: ErrorName, message: string): void;
  /** Handed back: it has not begun and will not. */
  notStarted(delivery: number): void;
  /** Takes nothing new: its credit is void. */
  leaving(): void;
  disconnect(): void;
}

/** What a broker may say to a worker. */
export interface ToWorkerVisitor {
  welcome(welcome: Welcome): void;
  heartbeat(backlog: number): void;
  /** `attempt`: 1 for the first delivery. `client` and `id` name the request in everybody's logs. */
  request(
    delivery: number,
    timeoutMs: number,
    attempt: number,
    client: Buffer,
    id: number,
    trace: string | undefined,
    partialCredit: number,
    body: Buffer,
  ): void;
  /** Nobody waits for it any more. */
  cancel(delivery: number): void;
  partialCredit(delivery: number, count: number): void;
  /** Requests that wait at this broker for the worker's service. */
  backlog(count: number): void;
  disconnect(reason: string): void;
}

/** Whether a message is our extension's, from or to a worker. */
export function isWorkerMessage(frames: readonly Buffer[]): boolean {
  const head = frames[0];
  return head !== undefined && head.length >= headerBytes && head.compare(header, 0, headerBytes, 0, headerBytes) === 0;
}

/** Reads a worker's message. Records before a wrong one have been visited. @throws RecordError */
export function readFromWorker(frames: readonly Buffer[], visitor: FromWorkerVisitor): void {
  const reader = new RecordReader(frames, headerBytes);
  while (reader.more) {
    const type = reader.u8("type");
    switch (type) {
      case record.reply: {
        const delivery = reader.u32("REPLY delivery");
        visitor.reply(delivery, reader.body("REPLY body"));
        break;
      }
      case record.credit:
        visitor.credit(reader.u32("CREDIT count"));
        break;
      case record.started:
        visitor.started(reader.u32("STARTED delivery"));
        break;
      case record.heartbeat:
        visitor.heartbeat();
        break;
      case record.partial: {
        const delivery = reader.u32("PARTIAL delivery");
        visitor.partial(delivery, reader.body("PARTIAL body"));
        break;
      }
      case record.error: {
        const delivery = reader.u32("ERROR delivery");
        const name = errorNames[reader.u8("ERROR code") - 1];
        if (name === undefined) throw new RecordError("ERROR: an unknown code");
        visitor.error(delivery, name, reader.text("ERROR message"));
        break;
      }
      case record.notStarted:
        visitor.notStarted(reader.u32("NOT STARTED delivery"));
        break;
      case record.hello: {
        const from = reader.u8("HELLO version");
        const to = reader.u8("HELLO version");
        visitor.hello(from, to, reader.bytes(instanceBytes, "HELLO instance").toString("hex"));
        break;
      }
      case record.ready:
        visitor.ready(reader.name("READY service"));
        break;
      case record.leaving:
        visitor.leaving();
        break;
      case record.disconnect:
        visitor.disconnect();
        break;
      default:
        throw new RecordError(`0x${type.toString(16)} is not a worker's record`);
    }
  }
  reader.end();
}

/** Reads a broker's message to a worker. @throws RecordError */
export function readToWorker(frames: readonly Buffer[], visitor: ToWorkerVisitor): void {
  const reader = new RecordReader(frames, headerBytes);
  while (reader.more) {
    const type = reader.u8("type");
    switch (type) {
      case record.request: {
        const delivery = reader.u32("REQUEST delivery");
        const timeoutMs = reader.u32("REQUEST time-out");
        const attempt = reader.u8("REQUEST attempt");
        const flags = reader.u8("REQUEST flags");
        const client = reader.bytes(instanceBytes, "REQUEST client");
        const id = reader.u32("REQUEST id");
        const trace = (flags & requestFlag.trace) === 0 ? undefined : reader.text("REQUEST trace");
        const partialCredit = (flags & requestFlag.partial) === 0 ? 0 : reader.u32("REQUEST partial credit");
        visitor.request(delivery, timeoutMs, attempt, client, id, trace, partialCredit, reader.body("REQUEST body"));
        break;
      }
      case record.cancel:
        visitor.cancel(reader.u32("CANCEL delivery"));
        break;
      case record.partialCredit: {
        const delivery = reader.u32("PARTIAL CREDIT delivery");
        visitor.partialCredit(delivery, reader.u32("PARTIAL CREDIT count"));
        break;
      }
      case record.backlog:
        visitor.backlog(reader.u32("BACKLOG count"));
        break;
      case record.brokerHeartbeat:
        visitor.heartbeat(reader.u32("HEARTBEAT backlog"));
        break;
      case record.welcome:
        visitor.welcome(readWelcome(reader));
        break;
      case record.brokerDisconnect:
        visitor.disconnect(reader.text("DISCONNECT reason"));
        break;
      default:
        throw new RecordError(`0x${type.toString(16)} is not a broker's record to a worker`);
    }
  }
  reader.end();
}

/** What a worker writes. */
export const fromWorker = {
  hello(writer: RecordWriter, versionFrom: number, versionTo: number, instance: string): void {
    writer.begin(header, record.hello, 2 + instanceBytes);
    writer.u8(versionFrom);
    writer.u8(versionTo);
    writer.raw(Buffer.from(instance, "hex"));
  },
  heartbeat(writer: RecordWriter): void {
    writer.begin(header, record.heartbeat, 0);
  },
  ready(writer: RecordWriter, service: string): void {
    writer.begin(header, record.ready, 1 + service.length);
    writer.name(service);
  },
  credit(writer: RecordWriter, count: number): void {
    writer.begin(header, record.credit, 4);
    writer.u32(count);
  },
  started(writer: RecordWriter, upTo: number): void {
    writer.begin(header, record.started, 4);
    writer.u32(upTo);
  },
  reply(writer: RecordWriter, delivery: number, body: Buffer): void {
    writer.begin(header, record.reply, 4 + bodyRoom(body));
    writer.u32(delivery);
    writer.body(body);
  },
  partial(writer: RecordWriter, delivery: number, body: Buffer): void {
    writer.begin(header, record.partial, 4 + bodyRoom(body));
    writer.u32(delivery);
    writer.body(body);
  },
  error(writer: RecordWriter, delivery: number, name: ErrorName, message: string): void {
    const text = textBytes(message);
    writer.begin(header, record.error, 4 + 1 + 2 + text.length);
    writer.u32(delivery);
    writer.u8(errorNames.indexOf(name) + 1);
    writer.text(text);
  },
  notStarted(writer: RecordWriter, delivery: number): void {
    writer.begin(header, record.notStarted, 4);
    writer.u32(delivery);
  },
  leaving(writer: RecordWriter): void {
    writer.begin(header, record.leaving, 0);
  },
  disconnect(writer: RecordWriter): void {
    writer.begin(header, record.disconnect, 0);
  },
} as const;

/** What a broker writes to a worker. */
export const toWorker = {
  welcome(writer: RecordWriter, welcome: Welcome): void {
    writeWelcome(writer, header, welcome);
  },
  heartbeat(writer: RecordWriter, backlog: number): void {
    writer.begin(header, record.brokerHeartbeat, 4);
    writer.u32(backlog);
  },
  /** `client`: 8 bytes. */
  request(
    writer: RecordWriter,
    delivery: number,
    timeoutMs: number,
    attempt: number,
    client: Buffer,
    id: number,
    trace: string | undefined,
    partialCredit: number,
    body: Buffer,
    more?: Body,
  ): void {
    const traceBytes = trace === undefined ? undefined : textBytes(trace);
    writer.begin(header, record.request, 4 + 4 + 1 + 1 + instanceBytes + 4 + (traceBytes === undefined ? 0 : 2 + traceBytes.length) + 4 + bodyRoom(body, more));
    writer.u32(delivery);
    writer.u32(timeoutMs);
    writer.u8(Math.min(attempt, 255));
    writer.u8((traceBytes === undefined ? 0 : requestFlag.trace) | (partialCredit > 0 ? requestFlag.partial : 0));
    writer.raw(client);
    writer.u32(id);
    if (traceBytes !== undefined) writer.text(traceBytes);
    if (partialCredit > 0) writer.u32(partialCredit);
    writer.body(body, more);
  },
  cancel(writer: RecordWriter, delivery: number): void {
    writer.begin(header, record.cancel, 4);
    writer.u32(delivery);
  },
  partialCredit(writer: RecordWriter, delivery: number, count: number): void {
    writer.begin(header, record.partialCredit, 8);
    writer.u32(delivery);
    writer.u32(count);
  },
  backlog(writer: RecordWriter, count: number): void {
    writer.begin(header, record.backlog, 4);
    writer.u32(count);
  },
  disconnect(writer: RecordWriter, reason: string): void {
    const text = textBytes(reason);
    writer.begin(header, record.brokerDisconnect, 2 + text.length);
    writer.text(text);
  },
} as const;
