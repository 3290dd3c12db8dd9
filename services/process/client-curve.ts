import { environment } from "../contract/environment.ts";
import { chooseKeys } from "../transport/peer-keys.ts";
import type { CurveSource } from "../transport/peer-keys.ts";
import { readSettings, SettingsError } from "./settings.ts";
import type { Source } from "./settings.ts";
import * as kind from "./values.ts";

/** The settings of a program that connects to brokers. */
export const clientCurveSettings = {
  curvePeerFile: { variable: environment.curvePeerFile, kind: kind.text },
  curveServerKey: { variable: environment.curveServerKey, kind: kind.curveKeys },
  curvePublicKey: { variable: environment.curvePublicKey, kind: kind.curveKey },
  curveSecretKey: { variable: environment.curveSecretKey, kind: kind.curveKey },
} as const;

interface Given {
  readonly curvePeerFile?: string | undefined;
  readonly curveServerKey?: string[] | undefined;
  readonly curvePublicKey?: string | undefined;
  readonly curveSecretKey?: string | undefined;
}

/** A client's or worker's keys: a file, or all three or none, so that half a configuration never ends as plain text. @throws SettingsError */
export function clientCurve(given: Given): CurveSource | undefined {
  const { curvePeerFile, curveServerKey: serverKey, curvePublicKey: publicKey, curveSecretKey: secretKey } = given;
  if (curvePeerFile !== undefined) return checked({ file: curvePeerFile });
  if (serverKey !== undefined && publicKey !== undefined && secretKey !== undefined) return checked({ serverKey, publicKey, secretKey });
  const missing = (["curveServerKey", "curvePublicKey", "curveSecretKey"] as const).filter((key) => given[key] === undefined);
  if (missing.length === 3) return undefined;
  throw new SettingsError([
    `${missing.map((key) => environment[key].name).join(", ")} must be set too: CURVE needs all three, or ${environment.curvePeerFile.name}, plain text none`,
  ]);
}

function checked(source: CurveSource): CurveSource {
  try {
    chooseKeys(source);
    return source;
  } catch (error) {
    const isPair = error instanceof TypeError && !("file" in source);
    throw new SettingsError([
      isPair ? `${environment.curvePublicKey.name} and ${environment.curveSecretKey.name} are not of one pair` : (error as Error).message,
    ]);
  }
}

/** The same for a program that has no other settings of its own. @throws SettingsError */
export function readClientCurve(source: Source): CurveSource | undefined {
  return clientCurve(readSettings(clientCurveSettings, source));
}
