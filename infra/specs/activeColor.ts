import { basename, dirname } from "node:path";
import type { ConfigMap, Volume, VolumeMount } from "kubernetes-types/core/v1.js";
import { image } from "../../services/contract/image.ts";
import { names } from "../../services/contract/names.ts";
import type { Settings } from "../settings.ts";
import { objectMetadata } from "./objectMetadata.ts";

const key = basename(image.activeColorFile);
const volumeName = "active-color";

/** Which colour is active, for the brokers: a change reaches their file while they run and restarts none. */
export function activeColor({ namespace, activeColor }: Settings): ConfigMap {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: objectMetadata({ name: names.activeColorConfigMap, namespace }),
    data: { [key]: activeColor },
  };
}

/** Optional: a stack's first brokers start before clients are sent to any colour. A broker without the file is active. */
export const activeColorVolume = { name: volumeName, configMap: { name: names.activeColorConfigMap, optional: true } } satisfies Volume;

/** The folder, since a file that is mounted alone never changes. */
export const activeColorMount: VolumeMount = { name: volumeName, mountPath: dirname(image.activeColorFile), readOnly: true };
