import type { Settings } from "./schema.ts";
import type { ThirdParty } from "./thirdPartyImages.ts";

/** The third-party images that a stack's pods run, as `imageRegistry` has them: those of the components that are switched on. */
export function imagesInUse({ prometheus, alerting, grafana, autoscaling, logging }: Settings): Partial<Record<ThirdParty, string>> {
  return {
    ...(prometheus.enabled && { prometheus: prometheus.image }),
    ...(alerting.enabled && { alertmanager: alerting.image }),
    ...(grafana.enabled && { grafana: grafana.image }),
    ...(autoscaling.enabled && autoscaling.metricsServer.from === "stack" && { metricsServer: autoscaling.metricsServer.image }),
    ...(autoscaling.enabled && autoscaling.prometheusAdapter.from === "stack" && { prometheusAdapter: autoscaling.prometheusAdapter.image }),
    ...(logging.enabled && { elasticsearch: logging.elasticsearch.image, filebeat: logging.filebeat.image }),
    ...(logging.enabled && logging.kibana.enabled && { kibana: logging.kibana.image }),
  };
}
