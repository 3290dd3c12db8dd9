/**
 * The way from the handlers to the connection: a ring in shared memory, so that the connection's thread finds what has ended
 * even while the handlers' thread computes. Larger bodies go as messages of their own, sent before the record that needs them.
 */
import { errorNames } from "../../majordomo/extension/codes.ts";
import type { ErrorName } from "../../majordomo/extension/codes.ts";

const ringBytes = 1_048_576;
/** Bodies from this size on are messages of their own. */
const ownMessageFromBytes = 4_096;
const headBytes = 12;
const kinds = { reply: 0, partial: 1, dropped: 2, error: 3, wrap: 4 } as const;
const ownMessage = 0x100;
/** Milliseconds after which a connection's thread that reads nothing is held for dead. */
const deadAfterMs = 10_000;

const control = { written: 0, read: 1, woken: 2, holding: 3, brokers: 4, words: 5 } as const;

export interface ReplyMemory {
  readonly control: SharedArrayBuffer;
  readonly ring: SharedArrayBuffer;
}

export function createReplyMemory(): ReplyMemory {
  return { control: new SharedArrayBuffer(control.words * 4), ring: new SharedArrayBuffer(ringBytes) };
}

export interface ReplyWriter {
  reply(slot: number, body: Buffer): void;
  partial(slot: number, body: Buffer): void;
  error(slot: number, name: ErrorName, message: string): void;
  /** A revoked request has been passed over. */
  dropped(slot: number): void;
  /** Tells the connection's thread that there is something, if it is not about to look. */
  wake(): void;
  readonly holding: number;
  readonly brokers: number;
}

/** `post` sends a message to the connection's thread; `wakeUp` is one without content. */
export function createReplyWriter(memory: ReplyMemory, post: (body: ArrayBuffer) => void, wakeUp: () => void): ReplyWriter {
  const words = new Int32Array(memory.control);
  const ring = new Int32Array(memory.ring);
  const bytes = Buffer.from(memory.ring);
  let written = 0;
  let dirty = false;

  const wake = (): void => {
    if (!dirty) return;
    dirty = false;
    if (Atomics.exchange(words, control.woken, 1) === 0) wakeUp();
  };

  const hasRoom = (needed: number, read: number): boolean => {
    if (read > written) return read - written > needed;
    return ringBytes - written > needed || read > needed;
  };

  /** Waits until the connection's thread, which never waits for this one, has made room. @returns where the record begins. */
  const reserve = (needed: number): number => {
    let read = Atomics.load(words, control.read);
    for (let waitedMs = 0; !hasRoom(needed, read); waitedMs += 10) {
      if (waitedMs >= deadAfterMs) throw new Error("the connection's thread reads nothing any more");
      Atomics.store(words, control.woken, 1);
      wakeUp();
      Atomics.wait(words, control.read, read, 10);
      read = Atomics.load(words, control.read);
    }
    if (read <= written && ringBytes - written <= needed) {
      ring[written >> 2] = kinds.wrap;
      written = 0;
    }
    return written;
  };

  const put = (kind: number, slot: number, body: Buffer | undefined, length: number): void => {
    const inline = body === undefined ? 0 : length;
    const needed = headBytes + ((inline + 3) & ~3);
    const at = reserve(needed);
    const word = at >> 2;
    ring[word] = kind;
    ring[word + 1] = slot;
    ring[word + 2] = length;
    if (body !== undefined) bytes.set(body, at + headBytes);
    // A word is always left free, so that a full ring is not taken for an empty one; see `hasRoom`.
    written = at + needed;
    Atomics.store(words, control.written, written);
    dirty = true;
  };

  const putBody = (kind: number, slot: number, body: Buffer): void => {
    if (body.length < ownMessageFromBytes) {
      put(kind, slot, body, body.length);
      return;
    }
    // Copied: the handler may keep what it returned, and a transferred buffer would be empty in its hands.
    post(new Uint8Array(body).buffer);
    put(kind | ownMessage, slot, undefined, body.length);
  };

  return {
    reply: (slot, body) => putBody(kinds.reply, slot, body),
    partial: (slot, body) => putBody(kinds.partial, slot, body),
    error(slot, name, message) {
      const text = Buffer.from(message).subarray(0, 1_024);
      put(kinds.error | (errorNames.indexOf(name) << 16), slot, text, text.length);
    },
    dropped: (slot) => put(kinds.dropped, slot, undefined, 0),
    wake,
    get holding() {
      return Atomics.load(words, control.holding);
    },
    get brokers() {
      return Atomics.load(words, control.brokers);
    },
  };
}

export interface ReplyVisitor {
  reply(slot: number, body: Buffer): void;
  partial(slot: number, body: Buffer): void;
  error(slot: number, name: ErrorName, message: string): void;
  dropped(slot: number): void;
}

export interface ReplyReader {
  /** Reads what is there. A visited body is only valid during the visit, unless it came as a message of its own. */
  read(visitor: ReplyVisitor): void;
  tell(holding: number, brokers: number): void;
}

/** `take` gives the oldest body that came as a message. */
export function createReplyReader(memory: ReplyMemory, take: () => ArrayBuffer): ReplyReader {
  const words = new Int32Array(memory.control);
  const ring = new Int32Array(memory.ring);
  const bytes = Buffer.from(memory.ring);
  let at = 0;

  return {
    read(visitor) {
      Atomics.store(words, control.woken, 0);
      const written = Atomics.load(words, control.written);
      if (at === written) return;
      while (at !== written) {
        const word = at >> 2;
        const kind = ring[word]!;
        if (kind === kinds.wrap) {
          at = 0;
          continue;
        }
        const slot = ring[word + 1]!;
        const length = ring[word + 2]!;
        const own = (kind & ownMessage) !== 0;
        const from = at + headBytes;
        at = own || length === 0 ? from : from + ((length + 3) & ~3);
        switch (kind & 0xff) {
          case kinds.reply:
            visitor.reply(slot, own ? Buffer.from(take()) : bytes.subarray(from, from + length));
            break;
          case kinds.partial:
            visitor.partial(slot, own ? Buffer.from(take()) : bytes.subarray(from, from + length));
            break;
          case kinds.error:
            visitor.error(slot, errorNames[kind >> 16]!, bytes.toString("utf8", from, from + length));
            break;
          default:
            visitor.dropped(slot);
        }
      }
      Atomics.store(words, control.read, at);
      Atomics.notify(words, control.read);
    },
    tell(holding, brokers) {
      Atomics.store(words, control.holding, holding);
      Atomics.store(words, control.brokers, brokers);
    },
  };
}
