import { nonceOf, open, seal } from "./box.ts";
import { ProtocolError } from "./frames.ts";

const messageName = Buffer.from("\x07MESSAGE", "latin1");
const bodyAt = messageName.length + 8;

/** Numbers that are used once: the short nonces of what one side sends, from 1 upwards (RFC 26). */
export function createCounter(): () => Buffer {
  let high = 0;
  let low = 0;
  return () => {
    low += 1;
    if (low > 0xffff_ffff) {
      low = 0;
      high += 1;
    }
    const nonce = Buffer.alloc(8);
    nonce.writeUInt32BE(high, 0);
    nonce.writeUInt32BE(low, 4);
    return nonce;
  };
}

/** Checks that what the other side sends is newer each time. */
export function createReplayGuard(): (nonce: Buffer) => void {
  let last = -1n;
  return (nonce) => {
    const now = nonce.readBigUInt64BE();
    if (now <= last) throw new ProtocolError("a CURVE nonce that came before");
    last = now;
  };
}

/** Seals and opens frames after the handshake: `MESSAGE | nonce 8 | box(flags | body)`. */
export function createTraffic(key: Buffer, asServer: boolean, count: () => Buffer, check: (nonce: Buffer) => void) {
  const sending = asServer ? "CurveZMQMESSAGES" : "CurveZMQMESSAGEC";
  const receiving = asServer ? "CurveZMQMESSAGEC" : "CurveZMQMESSAGES";
  return {
    seal(flags: number, body: Buffer): Buffer {
      const plain = Buffer.allocUnsafe(body.length + 1);
      plain[0] = flags;
      plain.set(body, 1);
      const nonce = count();
      return Buffer.concat([messageName, nonce, seal(key, nonceOf(sending, nonce), plain)]);
    },
    open(frame: Buffer): { flags: number; body: Buffer } {
      if (frame.length <= bodyAt + 16 || frame.compare(messageName, 0, messageName.length, 0, messageName.length) !== 0)
        throw new ProtocolError("a frame that is no CURVE MESSAGE");
      const nonce = frame.subarray(messageName.length, bodyAt);
      check(nonce);
      const plain = open(key, nonceOf(receiving, nonce), frame.subarray(bodyAt));
      if (plain === undefined) throw new ProtocolError("a CURVE MESSAGE that cannot be opened");
      return { flags: plain[0]!, body: plain.subarray(1) };
    },
  };
}
