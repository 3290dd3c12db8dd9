import type { LocalObjectReference, Secret } from "kubernetes-types/core/v1.js";
import { names } from "../../services/contract/names.ts";
import type { Settings } from "../settings.ts";
import { objectMetadata } from "./objectMetadata.ts";

/** The logins of the settings, as the kubelet reads them. */
export function pullSecret({ namespace, pull }: Pick<Settings, "namespace" | "pull">) {
  const auths = Object.fromEntries(
    pull.logins.map(({ server, username, password }) => [server, { username, password, auth: Buffer.from(`${username}:${password}`).toString("base64") }]),
  );
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: objectMetadata({ name: names.pullSecret, namespace }),
    type: "kubernetes.io/dockerconfigjson",
    stringData: { ".dockerconfigjson": JSON.stringify({ auths }) },
  } satisfies Secret;
}

/** With which Secrets a pod's images are pulled; no field where there is none. */
export function pulling({ pull }: Pick<Settings, "pull">): { imagePullSecrets?: LocalObjectReference[] } {
  const all = [...pull.secrets, ...(pull.logins.length === 0 ? [] : [names.pullSecret])];
  return all.length === 0 ? {} : { imagePullSecrets: all.map((name) => ({ name })) };
}
