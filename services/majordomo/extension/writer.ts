import type { Body } from "../message.ts";

/** Bodies from this size on travel as frames of their own, so that nobody copies them. */
export const inlineBelowBytes = 4096;
export const outOfLine = 0x8000_0000;

const firstBytes = 1024;

/** Collects records for one peer, many to a message: `header | records…`, then the bodies that are frames of their own. */
export class RecordWriter {
  #head: Buffer = Buffer.allocUnsafeSlow(firstBytes);
  #at = 0;
  #bodies: Buffer[] = [];
  /** Records since the last `take`. */
  records = 0;
  /** Bytes since the last `take`. */
  bytes = 0;

  /** Makes room for a record of up to so many bytes, and for the header before the first. */
  begin(header: Buffer, type: number, bytes: number): void {
    const needed = this.#at + header.length + 1 + bytes;
    if (needed > this.#head.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#head.length * 2));
      this.#head.copy(larger, 0, 0, this.#at);
      this.#head = larger;
    }
    if (this.#at === 0) this.#at = header.copy(this.#head, 0);
    this.#head[this.#at++] = type;
    this.records += 1;
  }

  u8(value: number): void {
    this.#head[this.#at++] = value;
  }

  u32(value: number): void {
    const head = this.#head;
    const at = this.#at;
    head[at] = value >>> 24;
    head[at + 1] = value >>> 16;
    head[at + 2] = value >>> 8;
    head[at + 3] = value;
    this.#at = at + 4;
  }

  raw(bytes: Buffer): void {
    this.#head.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  /** A name: its length in one byte, then itself, in Latin-1. */
  name(text: string): void {
    this.#head[this.#at] = text.length;
    this.#at += 1 + this.#head.write(text, this.#at + 1, "latin1");
  }

  /** A text: its length in two bytes, then itself, in UTF-8; cut where it is longer than `most` bytes. */
  text(bytes: Buffer): void {
    this.#head[this.#at] = bytes.length >>> 8;
    this.#head[this.#at + 1] = bytes.length;
    this.#at += 2;
    this.raw(bytes);
  }

  /** A body. Several frames are joined: the extension's bodies are one. */
  body(body: Buffer, more?: Body): void {
    const whole = more === undefined || more.length === 0 ? body : Buffer.concat([body, ...more]);
    if (whole.length < inlineBelowBytes) {
      this.u32(whole.length);
      this.raw(whole);
    } else {
      this.u32((whole.length | outOfLine) >>> 0);
      this.#bodies.push(whole);
      this.bytes += whole.length;
    }
  }

  /** The message's frames, which are the caller's; the writer is empty then. */
  take(): Buffer[] {
    const frames = this.#bodies;
    frames.unshift(Buffer.from(this.#head.subarray(0, this.#at)));
    this.#bodies = [];
    this.#at = 0;
    this.records = 0;
    this.bytes = 0;
    return frames;
  }

  /** Bodies that are frames of their own. */
  get ownFrames(): number {
    return this.#bodies.length;
  }

  /** Bytes of the message so far, its bodies included. */
  get size(): number {
    return this.#at + this.bytes;
  }
}

/** Bytes that `body` will need in the head at most. */
export function bodyRoom(body: Buffer, more?: Body): number {
  let length = body.length;
  if (more !== undefined) for (const frame of more) length += frame.length;
  return length < inlineBelowBytes ? 4 + length : 4;
}

const longestTextBytes = 1024;

/** A text as its bytes, cut to what a record takes. */
export function textBytes(text: string): Buffer {
  const bytes = Buffer.from(text);
  return bytes.length <= longestTextBytes ? bytes : bytes.subarray(0, longestTextBytes);
}
