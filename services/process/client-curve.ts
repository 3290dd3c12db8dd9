import { environment } from "../contract/environment.ts";
import { readPair } from "../transport/curve-keys.ts";
import type { ClientCurve } from "../transport/connect.ts";
import { readSettings, SettingsError } from "./settings.ts";
import type { Source } from "./settings.ts";
import * as kind from "./values.ts";

interface Given {
  readonly curveServerKey: string | undefined;
  readonly curvePublicKey: string | undefined;
  readonly curveSecretKey: string | undefined;
}

/** A client's or worker's keys: all three or none, so that half a configuration never ends as plain text. @throws SettingsError */
export function clientCurve(given: Given): ClientCurve | undefined {
  const { curveServerKey: serverKey, curvePublicKey: publicKey, curveSecretKey: secretKey } = given;
  if (serverKey !== undefined && publicKey !== undefined && secretKey !== undefined) {
    if (readPair({ publicKey, secretKey }) !== undefined) return { serverKey, publicKey, secretKey };
    throw new SettingsError([`${environment.curvePublicKey.name} and ${environment.curveSecretKey.name} are not of one pair`]);
  }
  const missing = (Object.keys(given) as (keyof Given)[]).filter((key) => given[key] === undefined);
  if (missing.length === 3) return undefined;
  throw new SettingsError([`${missing.map((key) => environment[key].name).join(", ")} must be set too: CURVE needs all three, plain text none`]);
}

/** The same for a program that has no other settings of its own. @throws SettingsError */
export function readClientCurve(source: Source): ClientCurve | undefined {
  const { curveServerKey, curvePublicKey, curveSecretKey } = readSettings(
    {
      curveServerKey: { variable: environment.curveServerKey, kind: kind.curveKey },
      curvePublicKey: { variable: environment.curvePublicKey, kind: kind.curveKey },
      curveSecretKey: { variable: environment.curveSecretKey, kind: kind.curveKey },
    },
    source,
  );
  return clientCurve({ curveServerKey, curvePublicKey, curveSecretKey });
}
