// ZeroMQ's RFC 32.
const digits = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

/** Bytes as text, five digits for every four bytes. */
export function z85(bytes: Uint8Array): string {
  if (bytes.length % 4 !== 0) throw new RangeError(`Z85 writes multiples of 4 bytes, not ${bytes.length}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let text = "";
  for (let offset = 0; offset < bytes.length; offset += 4) {
    const word = view.getUint32(offset);
    for (let divisor = 85 ** 4; divisor >= 1; divisor /= 85) text += digits[Math.floor(word / divisor) % 85];
  }
  return text;
}
