/** ZMTP 3.1 frames (RFC 37): `flags | length (1 or 8 bytes) | body`. */
export const flag = { more: 0x01, long: 0x02, command: 0x04 } as const;

/** What a peer sent that ZMTP does not allow, or allows but we do not. It ends that peer's connection only. */
export class ProtocolError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "ProtocolError";
  }
}

const longHeaderBytes = 9;
const longestShort = 255;

/** Bytes of the header before a body of so many bytes. */
export function headerBytes(bodyBytes: number): number {
  return bodyBytes > longestShort ? longHeaderBytes : 2;
}

/** Writes a frame's header. @returns the offset behind it. */
export function writeHeader(target: Buffer, at: number, flags: number, bodyBytes: number): number {
  if (bodyBytes <= longestShort) {
    target[at] = flags;
    target[at + 1] = bodyBytes;
    return at + 2;
  }
  target[at] = flags | flag.long;
  target.writeUInt32BE(Math.floor(bodyBytes / 2 ** 32), at + 1);
  target.writeUInt32BE(bodyBytes >>> 0, at + 5);
  return at + longHeaderBytes;
}

export interface FrameReader {
  /** Takes the stream's next bytes. @throws ProtocolError */
  push(chunk: Buffer): void;
  /** Drops everything that comes from now on. */
  stop(): void;
}

/**
 * Cuts a stream into frames. A frame that lies whole in a chunk is a view of it; one that spans chunks is copied once.
 * `onFrame` gets the flags without `long`.
 */
export function createFrameReader(maxFrameBytes: number, onFrame: (flags: number, body: Buffer) => void): FrameReader {
  const header = Buffer.alloc(longHeaderBytes);
  let headerLength = 0;
  let flags = 0;
  let body: Buffer | undefined;
  let filled = 0;
  let stopped = false;

  const checked = (first: number, length: number): number => {
    if ((first & ~(flag.more | flag.long | flag.command)) !== 0) throw new ProtocolError(`flags 0x${first.toString(16)} are none of ZMTP's`);
    if (length > maxFrameBytes) throw new ProtocolError(`a frame of ${length} bytes, at most ${maxFrameBytes} are allowed`);
    return length;
  };

  const longLength = (from: Buffer, at: number): number => from.readUInt32BE(at) * 2 ** 32 + from.readUInt32BE(at + 4);

  /** Continues the frame that the last chunk began. @returns where the rest of this chunk begins. */
  const resume = (chunk: Buffer): number => {
    let at = 0;
    if (body === undefined) {
      for (;;) {
        const needed = headerLength === 0 ? 1 : (header[0]! & flag.long) === 0 ? 2 : longHeaderBytes;
        if (headerLength === needed) break;
        if (at === chunk.length) return at;
        header[headerLength] = chunk[at]!;
        headerLength += 1;
        at += 1;
      }
      flags = header[0]!;
      const length = checked(flags, (flags & flag.long) === 0 ? header[1]! : longLength(header, 1));
      headerLength = 0;
      body = Buffer.allocUnsafe(length);
      filled = 0;
    }
    const taken = Math.min(body.length - filled, chunk.length - at);
    chunk.copy(body, filled, at, at + taken);
    filled += taken;
    if (filled === body.length) {
      const whole = body;
      body = undefined;
      onFrame(flags & ~flag.long, whole);
    }
    return at + taken;
  };

  return {
    push(chunk) {
      let at = body !== undefined || headerLength > 0 ? resume(chunk) : 0;
      const end = chunk.length;
      while (at < end && !stopped) {
        const first = chunk[at]!;
        const isLong = (first & flag.long) !== 0;
        const bodyAt = at + (isLong ? longHeaderBytes : 2);
        if (bodyAt > end) {
          headerLength = chunk.copy(header, 0, at, end);
          return;
        }
        const length = checked(first, isLong ? longLength(chunk, at + 1) : chunk[at + 1]!);
        const bodyEnd = bodyAt + length;
        if (bodyEnd > end) {
          flags = first;
          body = Buffer.allocUnsafe(length);
          filled = chunk.copy(body, 0, bodyAt, end);
          return;
        }
        onFrame(first & ~flag.long, chunk.subarray(bodyAt, bodyEnd));
        at = bodyEnd;
      }
    },
    stop() {
      stopped = true;
    },
  };
}
