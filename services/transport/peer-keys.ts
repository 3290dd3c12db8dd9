import { readFileSync } from "node:fs";
import { environment } from "../contract/environment.ts";
import type { ClientCurve } from "./zmtp/curve-client.ts";
import { checkClientCurve, HungUpAtHello } from "./zmtp/curve-client.ts";

/** A client's or worker's CURVE keys in Z85: its own pair, and the server's public key, or several of which the server has one. */
export interface PeerKeys {
  readonly serverKey: string | readonly string[];
  readonly publicKey: string;
  readonly secretKey: string;
}

/** Where these stand: here, or in a file that is looked at for each connection, so that new keys need no restart. */
export type CurveSource = PeerKeys | { readonly file: string };

/** The keys of one connection after the other. */
export interface KeyChoice {
  next(): ClientCurve;
  /** A connection with these keys failed: where the server hung up at its key, the next one tries another. */
  failed(tried: ClientCurve, error: Error): void;
}

/** @throws TypeError for what are no keys, or a file that has none. A file that gets lost or wrong later changes nothing. */
export function chooseKeys(source: CurveSource): KeyChoice {
  let content = "file" in source ? readFile(source.file) : undefined;
  let keys = "file" in source ? parsePeerKeys(source.file, content!) : source;
  checkPeerKeys(keys);
  let tries = 0;

  const look = (path: string): void => {
    try {
      const now = readFile(path);
      if (now === content) return;
      const parsed = parsePeerKeys(path, now);
      checkPeerKeys(parsed);
      content = now;
      keys = parsed;
      tries = 0;
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    }
  };
  const current = (): ClientCurve => {
    const serverKeys = serverKeysOf(keys);
    return { serverKey: serverKeys[tries % serverKeys.length]!, publicKey: keys.publicKey, secretKey: keys.secretKey };
  };
  return {
    next() {
      if ("file" in source) look(source.file);
      return current();
    },
    failed(tried, error) {
      // Others that failed at the same time may have moved on already.
      if (error instanceof HungUpAtHello && tried.serverKey === current().serverKey) tries += 1;
    },
  };
}

/** Lines as the environment has them: `CURVE_SERVER_KEY=KEY[,KEY…]`, `CURVE_PUBLIC_KEY=KEY`, `CURVE_SECRET_KEY=KEY`. @throws TypeError showing no key */
export function parsePeerKeys(path: string, content: string): PeerKeys {
  const found = new Map<string, string>();
  for (const line of content.split("\n")) {
    const [, name, value] = /^\s*([A-Z_]+)=(\S+)\s*$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) found.set(name, value);
  }
  const names = [environment.curveServerKey.name, environment.curvePublicKey.name, environment.curveSecretKey.name] as const;
  const missing = names.filter((name) => !found.has(name));
  if (missing.length > 0) throw new TypeError(`${path} has no line ${missing.map((name) => `${name}=…`).join(", ")}`);
  const [serverKey, publicKey, secretKey] = names.map((name) => found.get(name)!) as [string, string, string];
  return { serverKey: serverKey.split(","), publicKey, secretKey };
}

function checkPeerKeys(keys: PeerKeys): void {
  const serverKeys = serverKeysOf(keys);
  if (serverKeys.length === 0) throw new TypeError("curve.serverKey must be at least one key");
  for (const serverKey of serverKeys) checkClientCurve({ serverKey, publicKey: keys.publicKey, secretKey: keys.secretKey });
}

function serverKeysOf({ serverKey }: PeerKeys): readonly string[] {
  return typeof serverKey === "string" ? [serverKey] : serverKey;
}

function readFile(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new TypeError(`${path} cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
}
