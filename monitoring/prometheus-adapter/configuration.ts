import { serviceMetrics } from "../../services/contract/metrics.ts";
import type { Monitored } from "../monitored.ts";

const { queueLength } = serviceMetrics;

/** The label by which an autoscaler picks one service's requests. */
export const serviceLabel = "service" satisfies (typeof queueLength.labels)[number];

/**
 * The prometheus-adapter's configuration, as an object: one external metric, the unfinished requests of a service at all brokers
 * of both colours. Where no broker is seen there is no metric, not a zero.
 */
export function adapterConfiguration({ namespace }: Pick<Monitored, "namespace">) {
  return {
    externalRules: [
      {
        seriesQuery: `${queueLength.name}{namespace="${namespace}"}`,
        resources: { overrides: { namespace: { resource: "namespace" } } },
        name: { as: queueLength.name },
        // The adapter puts the namespace and the autoscaler's selector into the braces.
        metricsQuery: `sum by (${serviceLabel}) (${queueLength.name}{<<.LabelMatchers>>})`,
      },
    ],
  };
}
