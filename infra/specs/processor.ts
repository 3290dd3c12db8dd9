import type { PodSpec } from "kubernetes-types/core/v1.js";
import type { Settings } from "../settings.ts";

type Building = Pick<Settings, "build">;

/** The platform that images are built for, as Docker names it; none where nothing is built. */
export function builtFor({ build: { platform } }: Building): string | undefined {
  if (platform === "any") return undefined;
  return platform === "machine" ? `linux/${process.arch === "x64" ? "amd64" : process.arch}` : platform;
}

/** Keeps a pod on nodes that its image is made for; elsewhere it would end with "exec format error". */
export function processor(settings: Building): Pick<PodSpec, "nodeSelector"> {
  const platform = builtFor(settings);
  return platform === undefined ? {} : { nodeSelector: { "kubernetes.io/arch": platform.replace("linux/", "") } };
}
