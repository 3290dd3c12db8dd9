import { createHash } from "node:crypto";
import type { Volume, VolumeMount } from "kubernetes-types/core/v1.js";
import { image } from "../../services/contract/image.ts";
import { names } from "../../services/contract/names.ts";

const volumeName = "config";

/** One file of the ConfigMap as a volume; the other file's changes are none of this pod's business. */
export function configVolume(file: string) {
  return { name: volumeName, configMap: { name: names.configMap, items: [{ key: file, path: file }] } } satisfies Volume;
}

export function configMount(): VolumeMount {
  return { name: volumeName, mountPath: image.configDirectory, readOnly: true };
}

/** Processes read their file at start: a pod template that names the content rolls its pods when it changes. */
export function configAnnotation(content: string): Record<string, string> {
  return { "zeromq-stack/config-hash": contentHash(content) };
}

export function contentHash(content: string): string {
  return createHash("sha256").update(content).digest("hex");
}
