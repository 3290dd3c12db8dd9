import { maxServiceNameBytes, preview } from "../message.ts";
import { outOfLine } from "./writer.ts";

/** A record that is not as the specification says: `what` names the record's field and the difference. */
export class RecordError extends Error {
  constructor(what: string) {
    super(what);
    this.name = "RecordError";
  }
}

interface KnownName {
  readonly bytes: Buffer;
  readonly text: string;
}

const knownNames = new Map<number, KnownName>();
const mostKnownNames = 1024;

/** Reads the records of one message one after the other. Every read throws RecordError where the bytes end too soon. */
export class RecordReader {
  #frames: readonly Buffer[];
  #head: Buffer;
  #at: number;
  #nextBody = 1;

  constructor(frames: readonly Buffer[], at: number) {
    this.#frames = frames;
    this.#head = frames[0]!;
    this.#at = at;
  }

  get more(): boolean {
    return this.#at < this.#head.length;
  }

  #need(bytes: number, what: string): number {
    const at = this.#at;
    if (at + bytes > this.#head.length) throw new RecordError(`${what}: cut off`);
    this.#at = at + bytes;
    return at;
  }

  u8(what: string): number {
    return this.#head[this.#need(1, what)]!;
  }

  u32(what: string): number {
    const at = this.#need(4, what);
    const head = this.#head;
    return (head[at]! * 0x100_0000 + (head[at + 1]! << 16) + (head[at + 2]! << 8) + head[at + 3]!) >>> 0;
  }

  bytes(length: number, what: string): Buffer {
    const at = this.#need(length, what);
    return this.#head.subarray(at, at + length);
  }

  /** A service's name: 1 to 255 printable ASCII characters. Names seen before cost no new string. */
  name(what: string): string {
    const length = this.u8(what);
    const at = this.#need(length, what);
    const head = this.#head;
    let hash = length;
    for (let index = at; index < at + length; index += 1) hash = (hash * 31 + head[index]!) | 0;
    const known = knownNames.get(hash);
    if (known !== undefined && known.bytes.length === length && known.bytes.compare(head, at, at + length) === 0) return known.text;
    const bytes = Buffer.from(head.subarray(at, at + length));
    if (length === 0 || length > maxServiceNameBytes) throw new RecordError(`${what}: ${length} bytes long, 1 to ${maxServiceNameBytes} are allowed`);
    for (const byte of bytes) if (byte < 0x20 || byte > 0x7e) throw new RecordError(`${what}: not printable ASCII: ${preview(bytes)}`);
    const text = bytes.toString("latin1");
    if (knownNames.size >= mostKnownNames) knownNames.clear();
    knownNames.set(hash, { bytes, text });
    return text;
  }

  text(what: string): string {
    const at = this.#need(2, what);
    const length = (this.#head[at]! << 8) + this.#head[at + 1]!;
    const from = this.#need(length, what);
    return this.#head.toString("utf8", from, from + length);
  }

  /** A body: a view of the message's memory. */
  body(what: string): Buffer {
    const length = this.u32(what);
    if (length < outOfLine) {
      const at = this.#need(length, what);
      return this.#head.subarray(at, at + length);
    }
    const frame = this.#frames[this.#nextBody];
    if (frame === undefined) throw new RecordError(`${what}: its frame is missing`);
    if (frame.length !== length - outOfLine) throw new RecordError(`${what}: its frame has ${frame.length} bytes instead of ${length - outOfLine}`);
    this.#nextBody += 1;
    return frame;
  }

  /** @throws RecordError where frames are left over. */
  end(): void {
    if (this.#nextBody !== this.#frames.length) throw new RecordError(`${this.#frames.length - this.#nextBody} frames more than records ask for`);
  }
}
