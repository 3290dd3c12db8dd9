import { createPrivateKey, createPublicKey, randomBytes } from "node:crypto";
import { z85 } from "./z85.ts";

/** A CURVE key pair as ZeroMQ takes it: X25519 keys, each as 40 characters of Z85. */
export interface CurveKeyPair {
  readonly publicKey: string;
  readonly secretKey: string;
}

const keyLength = 32;
// RFC 8410: what stands before the 32 bytes of an X25519 private key in PKCS #8.
const privateKeyHeader = Buffer.from("302e020100300506032b656e04220420", "hex");

/** The pair of a secret key; a fresh one where none is given. */
export function curveKeyPair(secretKey: Uint8Array = randomBytes(keyLength)): CurveKeyPair {
  const privateKey = createPrivateKey({ key: Buffer.concat([privateKeyHeader, secretKey]), format: "der", type: "pkcs8" });
  const publicKey = createPublicKey(privateKey).export({ format: "der", type: "spki" }).subarray(-keyLength);
  return { publicKey: z85(publicKey), secretKey: z85(secretKey) };
}
