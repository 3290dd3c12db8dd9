import { randomBytes, timingSafeEqual } from "node:crypto";
import { createPair, nonceOf, open, seal, sharedKey } from "./box.ts";
import type { RawPair } from "./box.ts";
import { createCounter, createReplayGuard, createTraffic } from "./curve-traffic.ts";
import { ProtocolError } from "./frames.ts";
import { commandName, decodeMetadata, encodeCommand, Refused } from "./mechanism.ts";
import type { Mechanism } from "./mechanism.ts";
import { encodeZ85 } from "./z85.ts";

/** Who has an admitted key. */
export interface Admission {
  readonly name: string;
  /** The services that this key is for; all where it is not given. */
  readonly services?: readonly string[];
}

export interface ServerCurve {
  /** The server's own pairs; more than one while keys are changed, so that peers with the old and with the new one come in. */
  keys(): readonly RawPair[];
  /**
   * Asked for each peer that proved to have a key: the question that RFC 27 puts to a ZAP handler.
   * Nothing is a refusal (status 400), and so is an error (500).
   */
  admit(publicKey: string): Admission | undefined;
}

const cookieBytes = 96;

/** The server's side of CurveZMQ (RFC 26). */
export function curveServer(curve: ServerCurve): Mechanism {
  const count = createCounter();
  const check = createReplayGuard();
  const transient = createPair();
  const cookie = randomBytes(cookieBytes);
  let server: RawPair | undefined;
  let clientTransient: Buffer | undefined;
  let metadata = Buffer.alloc(0);
  const mechanism: Mechanism = {
    name: "CURVE",
    asServer: true,
    start(own) {
      metadata = Buffer.from(own);
      return undefined;
    },
    next(command) {
      const name = commandName(command);
      if (server === undefined || clientTransient === undefined) {
        if (name !== "HELLO" || command.length !== 200) throw new ProtocolError("not a CURVE HELLO");
        if (command[6] !== 1) throw new ProtocolError(`the peer speaks CurveZMQ ${command[6]}, this side 1`);
        clientTransient = Buffer.from(command.subarray(80, 112));
        const nonce = command.subarray(112, 120);
        check(nonce);
        for (const pair of curve.keys()) {
          const key = sharedKey(pair.secretKey, clientTransient);
          const content = key && open(key, nonceOf("CurveZMQHELLO---", nonce), command.subarray(120));
          if (content === undefined) continue;
          server = pair;
          const long = randomBytes(16);
          return { send: encodeCommand("WELCOME", long, seal(key!, nonceOf("WELCOME-", long), Buffer.concat([transient.publicKey, cookie]))) };
        }
        throw new ProtocolError("the peer used a server key that is not ours");
      }
      if (name !== "INITIATE" || command.length < 257) throw new ProtocolError("not a CURVE INITIATE");
      if (!timingSafeEqual(command.subarray(9, 9 + cookieBytes), cookie)) throw new ProtocolError("a CURVE cookie that is not ours");
      const key = sharedKey(transient.secretKey, clientTransient);
      const nonce = command.subarray(105, 113);
      check(nonce);
      const content = key && open(key, nonceOf("CurveZMQINITIATE", nonce), command.subarray(113));
      if (key === undefined || content === undefined || content.length < 128) throw new ProtocolError("a CURVE INITIATE that cannot be opened");
      const client = content.subarray(0, 32);
      const vouchKey = sharedKey(transient.secretKey, client);
      const vouch = vouchKey && open(vouchKey, nonceOf("VOUCH---", content.subarray(32, 48)), content.subarray(48, 128));
      if (vouch === undefined || !timingSafeEqual(vouch.subarray(0, 32), clientTransient) || !timingSafeEqual(vouch.subarray(32, 64), server.publicKey)) {
        throw new ProtocolError("the peer does not have the secret half of its key");
      }
      const publicKey = encodeZ85(client);
      const admission = ask(curve, publicKey);
      const properties = decodeMetadata(content.subarray(128));
      const answer = count();
      const ready = encodeCommand("READY", answer, seal(key, nonceOf("CurveZMQREADY---", answer), metadata));
      Object.assign(mechanism, createTraffic(key, true, count, check));
      return { send: ready, metadata: properties, identity: { publicKey, serverKey: encodeZ85(server.publicKey), ...admission } };
    },
  };
  return mechanism;
}

function ask(curve: ServerCurve, publicKey: string): Admission {
  let admission: Admission | undefined;
  try {
    admission = curve.admit(publicKey);
  } catch (error) {
    throw new Refused("500", `nobody could say whether the key ${publicKey.slice(0, 8)}… is admitted: ${(error as Error).message}`);
  }
  if (admission === undefined) throw new Refused("400", `the peer's key ${publicKey.slice(0, 8)}… is not admitted here`);
  return admission;
}
