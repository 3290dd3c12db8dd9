import type { Settings, WorkerSettings } from "../settings.ts";

type Bounded = Pick<WorkerSettings, "minReplicas" | "maxReplicas">;

/** How many workers a service has at least and at most where autoscaling decides it. */
export function workerBounds({ autoscaling }: Pick<Settings, "autoscaling">, worker: Bounded): { minReplicas: number; maxReplicas: number } {
  return { minReplicas: worker.minReplicas ?? autoscaling.minReplicas, maxReplicas: worker.maxReplicas ?? autoscaling.maxReplicas };
}
