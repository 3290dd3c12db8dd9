import { randomBytes } from "node:crypto";
import type { Body } from "../majordomo/message.ts";

/**
 * The opaque one-frame client address that a plain worker gets, and hands back with its reply: 4 bytes of the connection's own,
 * so that a late reply on another connection matches nothing, and the delivery's number.
 */
export interface Addresses {
  of(delivery: number): Buffer;
  /** The delivery's number; nothing where the address is not of this connection's making. */
  read(address: Body): number | undefined;
}

export function createAddresses(): Addresses {
  const prefix = randomBytes(4).readUInt32BE();
  return {
    of(delivery) {
      const frame = Buffer.allocUnsafe(8);
      frame.writeUInt32BE(prefix, 0);
      frame.writeUInt32BE(delivery, 4);
      return frame;
    },
    read([frame, ...more]) {
      if (frame === undefined || frame.length !== 8 || more.length > 0 || frame.readUInt32BE(0) !== prefix) return undefined;
      return frame.readUInt32BE(4);
    },
  };
}
