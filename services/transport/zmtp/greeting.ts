import { ProtocolError } from "./frames.ts";

/** ZMTP 3.1's greeting (RFC 37): signature 10, version 2, mechanism 20, as-server 1, filler 31 bytes. */
export const greetingBytes = 64;

export function encodeGreeting(mechanism: string, asServer: boolean): Buffer {
  const greeting = Buffer.alloc(greetingBytes);
  greeting[0] = 0xff;
  greeting[9] = 0x7f;
  greeting[10] = 3;
  greeting[11] = 1;
  greeting.write(mechanism, 12, "latin1");
  greeting[32] = asServer ? 1 : 0;
  return greeting;
}

/**
 * Checks a peer's greeting, whole or only its beginning, so that junk is refused at its first wrong byte.
 * @throws ProtocolError saying which side speaks what.
 */
export function checkGreeting(greeting: Buffer, ours: string): void {
  if (greeting.length > 0 && greeting[0] !== 0xff) throw new ProtocolError("the peer does not speak ZMTP 3 (wrong signature)");
  if (greeting.length > 9 && (greeting[9]! & 1) === 0) throw new ProtocolError("the peer does not speak ZMTP 3 (wrong signature)");
  if (greeting.length > 10 && greeting[10]! < 3) throw new ProtocolError(`the peer speaks ZMTP ${greeting[10]}, at least 3.0 is needed`);
  if (greeting.length < greetingBytes) return;
  const theirs = greeting.toString("latin1", 12, 32).replace(/\0+$/, "");
  if (theirs !== ours) throw new ProtocolError(`the peer speaks ${printable(theirs)}, this side ${ours}`);
}

function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, "?");
}
