/** The way from the connection to the handlers: many requests in one ArrayBuffer that changes hands, larger bodies in their own. */
import { type Color, colors } from "../../contract/names.ts";
import type { Job } from "../outbox.ts";

const headBytes = 40;
const firstBytes = 4_096;
/** Bodies from this size on change hands without being copied, where nothing else lies in their memory. */
const ownFromBytes = 16_384;
const kinds = { request: 1, cancel: 2, partialCredit: 3 } as const;
const flags = { trace: 1, partial: 2, own: 4 } as const;

export interface RequestBatch {
  readonly records: ArrayBuffer;
  readonly bytes: number;
  readonly bodies: readonly ArrayBuffer[];
}

export interface RequestWriter {
  /** `color`: the one of the broker that it came from, where that is known. */
  request(slot: number, job: Job, color: Color | undefined): void;
  cancel(slot: number, why: string): void;
  partialCredit(slot: number, count: number): void;
  /** What was written since the last time, or nothing. */
  take(): RequestBatch | undefined;
}

export function createRequestWriter(): RequestWriter {
  let size = firstBytes;
  let records = Buffer.allocUnsafeSlow(size);
  let view = new DataView(records.buffer);
  let at = 0;
  let bodies: ArrayBuffer[] = [];

  const reserve = (bytes: number): void => {
    if (at + bytes <= records.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(at + bytes, records.length * 2));
    records.copy(larger, 0, 0, at);
    records = larger;
    view = new DataView(records.buffer);
  };

  const head = (kind: number, flag: number, slot: number, extra: number): number => {
    reserve(headBytes + extra);
    const from = at;
    view.setUint8(from, kind);
    view.setUint8(from + 1, flag);
    view.setUint32(from + 4, slot);
    at = from + headBytes;
    return from;
  };

  const put = (bytes: Buffer): void => {
    records.set(bytes, at);
    at += bytes.length;
  };

  return {
    request(slot, job, color) {
      const { body } = job;
      const trace = job.trace === undefined ? undefined : Buffer.from(job.trace);
      const own = body.length >= ownFromBytes;
      const flag = (trace === undefined ? 0 : flags.trace) | (job.partialCredit === 0 ? 0 : flags.partial) | (own ? flags.own : 0);
      const from = head(kinds.request, flag, slot, (trace?.length ?? 0) + (own ? 0 : body.length));
      view.setUint8(from + 2, job.attempt);
      view.setUint8(from + 3, color === undefined ? 0 : colors.indexOf(color) + 1);
      view.setUint32(from + 8, job.id);
      records.set(job.client, from + 12);
      view.setFloat64(from + 20, job.endsAtMs);
      view.setUint32(from + 28, job.partialCredit);
      view.setUint32(from + 32, trace?.length ?? 0);
      view.setUint32(from + 36, body.length);
      if (trace !== undefined) put(trace);
      if (!own) put(body);
      else if (body.byteOffset === 0 && body.byteLength === body.buffer.byteLength) bodies.push(body.buffer as ArrayBuffer);
      else bodies.push(new Uint8Array(body).buffer);
    },
    cancel(slot, why) {
      const reason = Buffer.from(why);
      const from = head(kinds.cancel, 0, slot, reason.length);
      view.setUint32(from + 36, reason.length);
      put(reason);
    },
    partialCredit(slot, count) {
      const from = head(kinds.partialCredit, 0, slot, 0);
      view.setUint32(from + 28, count);
      view.setUint32(from + 36, 0);
    },
    take() {
      if (at === 0) return undefined;
      const batch = { records: records.buffer as ArrayBuffer, bytes: at, bodies };
      size = Math.min(262_144, Math.max(firstBytes, at + (at >> 2)));
      records = Buffer.allocUnsafeSlow(size);
      view = new DataView(records.buffer);
      at = 0;
      bodies = [];
      return batch;
    },
  };
}

export interface RequestVisitor {
  /** `partialCredit`: undefined where parts must be joined. */
  request(
    slot: number,
    attempt: number,
    client: Buffer,
    id: number,
    deadlineMs: number,
    partialCredit: number | undefined,
    trace: string | undefined,
    body: Buffer,
    color: Color | undefined,
  ): void;
  cancel(slot: number, why: string): void;
  partialCredit(slot: number, count: number): void;
}

export function readRequests({ records: memory, bytes, bodies }: RequestBatch, visitor: RequestVisitor): void {
  const records = Buffer.from(memory, 0, bytes);
  const view = new DataView(memory);
  let nextBody = 0;
  let at = 0;
  while (at < bytes) {
    const from = at;
    const flag = view.getUint8(from + 1);
    const slot = view.getUint32(from + 4);
    const length = view.getUint32(from + 36);
    at = from + headBytes;
    switch (view.getUint8(from)) {
      case kinds.request: {
        const traceBytes = view.getUint32(from + 32);
        const trace = (flag & flags.trace) === 0 ? undefined : records.toString("utf8", at, at + traceBytes);
        at += traceBytes;
        const own = (flag & flags.own) !== 0;
        const body = own ? Buffer.from(bodies[nextBody++]!) : records.subarray(at, at + length);
        if (!own) at += length;
        const deadlineMs = view.getFloat64(from + 20);
        const partialCredit = (flag & flags.partial) === 0 ? undefined : view.getUint32(from + 28);
        visitor.request(
          slot,
          view.getUint8(from + 2),
          records.subarray(from + 12, from + 20),
          view.getUint32(from + 8),
          deadlineMs,
          partialCredit,
          trace,
          body,
          colors[view.getUint8(from + 3) - 1],
        );
        break;
      }
      case kinds.cancel:
        at += length;
        visitor.cancel(slot, records.toString("utf8", from + headBytes, at));
        break;
      default:
        visitor.partialCredit(slot, view.getUint32(from + 28));
    }
  }
}
