import type { PersistentVolumeClaim, Volume } from "kubernetes-types/core/v1.js";
import type { Settings } from "../settings.ts";

type VolumeSettings = Settings["prometheus"]["volume"];

const name = "data";

/** Where a StatefulSet's pod keeps its data: a claim of its own, or what goes with the pod. */
export function dataVolume({ size, storageClass, temporary }: VolumeSettings) {
  if (temporary) return { volumes: [{ name, emptyDir: { sizeLimit: size } } satisfies Volume], volumeClaimTemplates: [] };
  const claim = {
    metadata: { name },
    spec: {
      accessModes: ["ReadWriteOnce"],
      resources: { requests: { storage: size } },
      ...(storageClass !== undefined && { storageClassName: storageClass }),
    },
  } satisfies PersistentVolumeClaim;
  return { volumes: [], volumeClaimTemplates: [claim] };
}

export function dataMount(mountPath: string) {
  return { name, mountPath, readOnly: false };
}

const mebibytes: Record<string, number> = { Mi: 1, Gi: 1024, Ti: 1024 ** 2 };

/** How many MiB of a volume may hold data that grows: the rest is for what is about to be deleted. */
export function usableMebibytes({ size }: VolumeSettings): number {
  return Math.floor(Number(size.slice(0, -2)) * mebibytes[size.slice(-2)]! * 0.8);
}
