import type { Body } from "../majordomo/message.ts";

/** A delivery's number as the opaque one-frame client address that a plain worker gets, and hands back with its reply. */
export function deliveryFrame(delivery: number): Buffer {
  const frame = Buffer.allocUnsafe(8);
  frame.writeBigUInt64BE(BigInt(delivery));
  return frame;
}

/** The number of an address that a worker sent back; nothing where it is not of our making. */
export function readDelivery(address: Body): number | undefined {
  const [frame, ...more] = address;
  if (frame === undefined || frame.length !== 8 || more.length > 0) return undefined;
  return Number(frame.readBigUInt64BE());
}
