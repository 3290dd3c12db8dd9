import type { HorizontalPodAutoscaler, HorizontalPodAutoscalerBehavior } from "kubernetes-types/autoscaling/v2.js";
import { serviceMetrics } from "../../services/contract/metrics.ts";
import { names } from "../../services/contract/names.ts";
import { serviceLabel } from "../../monitoring/prometheus-adapter/configuration.ts";
import type { Settings, WorkerSettings } from "../settings.ts";
import { objectMetadata } from "./objectMetadata.ts";
import { workerBounds } from "../settings/workers.ts";
import { workerLabels } from "./workerDeployment.ts";

/**
 * Moves the number of a service's workers: whichever of processor time and unfinished requests asks for more of them counts.
 * Where one of the two is not known, the other may add workers and neither takes one away.
 */
export function workerAutoscaler(settings: Settings, worker: WorkerSettings, index: number) {
  const { namespace, autoscaling } = settings;
  return {
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    metadata: objectMetadata({ name: names.workerAutoscaler(worker.service, index), namespace, labels: workerLabels(worker) }),
    spec: {
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: names.workerDeployment(worker.service, index) },
      ...workerBounds(settings, worker),
      metrics: [
        { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: autoscaling.cpuPercent } } },
        {
          type: "External",
          external: {
            metric: { name: serviceMetrics.queueLength.name, selector: { matchLabels: { [serviceLabel]: worker.service } } },
            target: { type: "AverageValue", averageValue: String(autoscaling.queueLength) },
          },
        },
      ],
      behavior: behavior(autoscaling),
    },
  } satisfies HorizontalPodAutoscaler;
}

/** Up at once, twice as many or four more each 15 s. Down when fewer have been enough for a while, half of them or one a minute. */
function behavior({ shrinkAfterSeconds }: Settings["autoscaling"]): HorizontalPodAutoscalerBehavior {
  return {
    scaleUp: {
      stabilizationWindowSeconds: 0,
      selectPolicy: "Max",
      policies: [
        { type: "Percent", value: 100, periodSeconds: 15 },
        { type: "Pods", value: 4, periodSeconds: 15 },
      ],
    },
    scaleDown: {
      stabilizationWindowSeconds: shrinkAfterSeconds,
      selectPolicy: "Max",
      policies: [
        { type: "Percent", value: 50, periodSeconds: 60 },
        { type: "Pods", value: 1, periodSeconds: 60 },
      ],
    },
  };
}
