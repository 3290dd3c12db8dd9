import { basename } from "node:path";
import type { ConfigMap } from "kubernetes-types/core/v1.js";
import { environment } from "../../services/contract/environment.ts";
import { image } from "../../services/contract/image.ts";
import { names } from "../../services/contract/names.ts";
import type { CurveKeyPair } from "../keys/curveKeyPair.ts";
import type { Settings } from "../settings.ts";
import { objectMetadata } from "./objectMetadata.ts";

/** The names of the two lists in their ConfigMap and in the brokers' folder. */
export const admittedFiles = { clients: basename(image.curveClientKeysFile), workers: basename(image.curveWorkerKeysFile) } as const;

/** Whom a key belongs to, and the services that it is for; all where they are not given. */
export interface Admitted {
  readonly name: string;
  readonly publicKey: string;
  readonly services?: readonly string[] | undefined;
}

/** Whom the brokers admit to each side: public keys, a change of which restarts nobody. */
export function admittedKeys({ namespace }: Settings, clients: string, workers: string): ConfigMap {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: objectMetadata({ name: names.admittedKeysConfigMap, namespace }),
    data: { [admittedFiles.clients]: clients, [admittedFiles.workers]: workers },
  };
}

/** A list as brokers read it. */
export function admittedText(list: readonly Admitted[]): string {
  return list.map(({ name, publicKey, services }) => `${[publicKey, name, ...(services ? [services.join(",")] : [])].join(" ")}\n`).join("");
}

/** A pair of the brokers' own, and when it was made, in seconds since 1970; states from before that was kept do not say it. */
export interface ServerPair extends CurveKeyPair {
  readonly createdSeconds?: number;
}

/** The brokers' own pairs as they read them, the one that peers use first at the top. */
export function pairsText(pairs: readonly ServerPair[]): string {
  return pairs
    .map(({ publicKey, secretKey, createdSeconds }) => `${publicKey} ${secretKey}${createdSeconds === undefined ? "" : ` ${createdSeconds}`}\n`)
    .join("");
}

/** A client's or worker's keys by the names of their variables, for a file or an environment. */
export function peerVariables(serverKeys: readonly string[], { publicKey, secretKey }: CurveKeyPair): Record<string, string> {
  return {
    [environment.curveServerKey.name]: serverKeys.join(","),
    [environment.curvePublicKey.name]: publicKey,
    [environment.curveSecretKey.name]: secretKey,
  };
}

/** The same as the file CURVE_PEER_FILE. */
export function peerText(variables: Record<string, string>): string {
  return Object.entries(variables)
    .map(([name, value]) => `${name}=${value}\n`)
    .join("");
}
