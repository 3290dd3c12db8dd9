import { randomBytes } from "node:crypto";
import { createPair, nonceOf, open, publicOf, seal, sharedKey } from "./box.ts";
import { createCounter, createReplayGuard, createTraffic } from "./curve-traffic.ts";
import { ProtocolError } from "./frames.ts";
import { commandName, decodeMetadata, encodeCommand, errorReason } from "./mechanism.ts";
import type { Mechanism } from "./mechanism.ts";
import { decodeZ85 } from "./z85.ts";

/** A peer's CURVE keys in Z85: the public key of the server that it wants to reach, and its own pair. */
export interface ClientCurve {
  readonly serverKey: string;
  readonly publicKey: string;
  readonly secretKey: string;
}

/** The other side closed the connection where it should have shown that it has the server key. */
export class HungUpAtHello extends ProtocolError {
  constructor() {
    super("the other side hung up at our HELLO: it does not have the server key that this side expects");
    this.name = "HungUpAtHello";
  }
}

/** @throws TypeError naming the key that is none; the secret one is not printed. */
export function checkClientCurve(curve: ClientCurve): void {
  for (const [name, text] of Object.entries(curve) as [keyof ClientCurve, string][]) {
    if (decodeZ85(text)?.length !== 32)
      throw new TypeError(`curve.${name} must be 40 characters of Z85${name === "secretKey" ? "" : `, not ${JSON.stringify(text)}`}`);
  }
  const pair = publicOf(decodeZ85(curve.secretKey)!);
  if (!pair.equals(decodeZ85(curve.publicKey)!)) throw new TypeError("curve.publicKey and curve.secretKey are not of one pair");
}

/** The client's side of CurveZMQ (RFC 26). */
export function curveClient(curve: ClientCurve): Mechanism {
  const serverKey = decodeZ85(curve.serverKey)!;
  const publicKey = decodeZ85(curve.publicKey)!;
  const secretKey = decodeZ85(curve.secretKey)!;
  const count = createCounter();
  const check = createReplayGuard();
  const transient = createPair();
  const helloKey = sharedKey(transient.secretKey, serverKey);
  let metadata = Buffer.alloc(0);
  let key: Buffer | undefined;
  const mechanism: Mechanism = {
    name: "CURVE",
    asServer: false,
    refusedInSilence: new HungUpAtHello(),
    start(own) {
      metadata = Buffer.from(own);
      if (helloKey === undefined) throw new ProtocolError("the server key is none");
      const nonce = count();
      const signature = seal(helloKey, nonceOf("CurveZMQHELLO---", nonce), Buffer.alloc(64));
      return encodeCommand("HELLO", Buffer.of(1, 0), Buffer.alloc(72), transient.publicKey, nonce, signature);
    },
    next(command) {
      const name = commandName(command);
      if (name === "ERROR") {
        const reason = errorReason(command);
        throw new ProtocolError(reason === "400" ? "the other side does not admit our key (400)" : `the other side refused: ${reason}`);
      }
      if (key === undefined) {
        if (name !== "WELCOME" || command.length !== 168) throw new ProtocolError("not a CURVE WELCOME");
        const content = open(helloKey!, nonceOf("WELCOME-", command.subarray(8, 24)), command.subarray(24));
        if (content === undefined) throw new ProtocolError("a CURVE WELCOME that cannot be opened");
        const serverTransient = content.subarray(0, 32);
        const vouchKey = sharedKey(secretKey, serverTransient);
        key = sharedKey(transient.secretKey, serverTransient);
        if (vouchKey === undefined || key === undefined) throw new ProtocolError("the server's transient key is none");
        const vouchNonce = randomBytes(16);
        const vouch = seal(vouchKey, nonceOf("VOUCH---", vouchNonce), Buffer.concat([transient.publicKey, serverKey]));
        const nonce = count();
        const box = seal(key, nonceOf("CurveZMQINITIATE", nonce), Buffer.concat([publicKey, vouchNonce, vouch, metadata]));
        delete mechanism.refusedInSilence;
        return { send: encodeCommand("INITIATE", content.subarray(32), nonce, box) };
      }
      if (name !== "READY" || command.length < 30) throw new ProtocolError("not a CURVE READY");
      const nonce = command.subarray(6, 14);
      check(nonce);
      const content = open(key, nonceOf("CurveZMQREADY---", nonce), command.subarray(14));
      if (content === undefined) throw new ProtocolError("a CURVE READY that cannot be opened");
      Object.assign(mechanism, createTraffic(key, false, count, check));
      return { metadata: decodeMetadata(content) };
    },
  };
  return mechanism;
}
