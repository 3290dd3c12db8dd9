/** NaCl's crypto_box (X25519, XSalsa20, Poly1305) as CurveZMQ uses it (RFC 26). */
import { randomBytes } from "node:crypto";
import { createRequire } from "node:module";
import { hsalsa } from "@noble/ciphers/salsa.js";

interface Sodium {
  crypto_scalarmult(shared: Buffer, secretKey: Buffer, publicKey: Buffer): void;
  crypto_scalarmult_base(publicKey: Buffer, secretKey: Buffer): void;
  crypto_secretbox_easy(box: Buffer, message: Buffer, nonce: Buffer, key: Buffer): void;
  crypto_secretbox_open_easy(message: Buffer, box: Buffer, nonce: Buffer, key: Buffer): boolean;
}
// Seven times as fast as the fastest library without native code (8 KiB: 8 µs instead of 52).
const sodium = createRequire(import.meta.url)("sodium-native") as Sodium;

export const keyBytes = 32;
/** What a box has more than its content. */
export const tagBytes = 16;

/** A pair as raw bytes. */
export interface RawPair {
  readonly publicKey: Buffer;
  readonly secretKey: Buffer;
}

export function createPair(): RawPair {
  const secretKey = randomBytes(keyBytes);
  return { publicKey: publicOf(secretKey), secretKey };
}

export function publicOf(secretKey: Buffer): Buffer {
  const publicKey = Buffer.alloc(keyBytes);
  sodium.crypto_scalarmult_base(publicKey, secretKey);
  return publicKey;
}

const sigma = Uint32Array.from([0x61707865, 0x3320646e, 0x79622d32, 0x6b206574]);

/** The key that a pair's secret and another's public half share (crypto_box_beforenm). @returns nothing for a public key of low order. */
export function sharedKey(secretKey: Buffer, publicKey: Buffer): Buffer | undefined {
  const shared = Buffer.alloc(keyBytes);
  try {
    sodium.crypto_scalarmult(shared, secretKey, publicKey);
  } catch {
    return undefined;
  }
  const words = (bytes: Buffer): Uint32Array => Uint32Array.from({ length: 8 }, (_, index) => bytes.readUInt32LE(index * 4));
  const out = new Uint32Array(8);
  hsalsa(sigma, words(shared), new Uint32Array(4), out);
  const key = Buffer.alloc(keyBytes);
  for (const [index, word] of out.entries()) key.writeUInt32LE(word, index * 4);
  return key;
}

export function seal(key: Buffer, nonce: Buffer, message: Buffer): Buffer {
  const box = Buffer.allocUnsafe(message.length + tagBytes);
  sodium.crypto_secretbox_easy(box, message, nonce, key);
  return box;
}

/** @returns nothing where the box is not what was sealed with this key and nonce. */
export function open(key: Buffer, nonce: Buffer, box: Buffer): Buffer | undefined {
  if (box.length < tagBytes) return undefined;
  const message = Buffer.allocUnsafe(box.length - tagBytes);
  return sodium.crypto_secretbox_open_easy(message, box, nonce, key) ? message : undefined;
}

/** A nonce of 24 bytes: a text, then what distinguishes it. */
export function nonceOf(text: string, rest: Buffer): Buffer {
  return Buffer.concat([Buffer.from(text, "latin1"), rest], 24);
}
