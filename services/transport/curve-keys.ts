import { createPair, publicOf } from "./zmtp/box.ts";
import type { RawPair } from "./zmtp/box.ts";
import { decodeZ85, encodeZ85 } from "./zmtp/z85.ts";

/** A CURVE pair in Z85, 40 characters each. */
export interface KeyPair {
  readonly publicKey: string;
  readonly secretKey: string;
}

export function createKeyPair(): KeyPair {
  const { publicKey, secretKey } = createPair();
  return { publicKey: encodeZ85(publicKey), secretKey: encodeZ85(secretKey) };
}

/** The 32 bytes of a key, or nothing where the text is none. */
export function readKey(text: string): Buffer | undefined {
  const bytes = decodeZ85(text);
  return bytes?.length === 32 ? bytes : undefined;
}

/** The pair as bytes, or nothing where a half is no key or both are not of one pair. */
export function readPair({ publicKey, secretKey }: KeyPair): RawPair | undefined {
  const pair = { publicKey: readKey(publicKey), secretKey: readKey(secretKey) };
  if (pair.publicKey === undefined || pair.secretKey === undefined || !publicOf(pair.secretKey).equals(pair.publicKey)) return undefined;
  return { publicKey: pair.publicKey, secretKey: pair.secretKey };
}
