import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { names } from "../../services/contract/names.ts";
import { metricsApiNames } from "../../monitoring/names.ts";
import type { Settings } from "../settings.ts";
import { metricsApiHost, type MetricsApiPart } from "../specs/metricsApi.ts";
import { metricsServer, metricsServerRules } from "../specs/metricsServer.ts";
import { prometheusAdapter, prometheusAdapterConfigMap } from "../specs/prometheusAdapter.ts";
import { workerAutoscaler } from "../specs/workerAutoscaler.ts";
import { type KeptCertificate, keptCertificate } from "./keptCertificate.ts";
import { MetricsApi } from "./metricsApi.ts";

type Options = pulumi.ComponentResourceOptions & { dependsOn: pulumi.Resource[] };

/** Those of the servers that the stack brings. */
export type MetricsCertificates = Partial<Record<MetricsApiPart, KeptCertificate>>;

/** Made before the servers are, so that Prometheus can be told how long they last. */
export function metricsCertificates(settings: Settings, parent: pulumi.Resource): MetricsCertificates {
  const brought = (Object.keys(metricsApiNames) as MetricsApiPart[]).filter(
    (part) => settings.autoscaling.enabled && settings.autoscaling[part].from === "stack",
  );
  return Object.fromEntries(brought.map((part) => [part, keptCertificate(metricsApiHost(part, settings), parent)]));
}

/** What moves the number of workers, and what tells it the load as far as the cluster has nobody who does. */
export class Autoscaling extends pulumi.ComponentResource {
  /** @param workers the Deployments, in the order of the settings */
  constructor(settings: Settings, workers: readonly pulumi.Resource[], certificates: MetricsCertificates, { dependsOn, ...options }: Options) {
    super("zeromq-stack:infra:Autoscaling", "autoscaling", {}, options);
    const served: pulumi.Resource[] = [];
    if (certificates.metricsServer) {
      served.push(new MetricsApi(settings, metricsServer(settings), metricsServerRules, certificates.metricsServer, { parent: this, dependsOn }).served);
    }
    if (certificates.prometheusAdapter) {
      const configuration = new kubernetes.core.v1.ConfigMap(metricsApiNames.prometheusAdapter, prometheusAdapterConfigMap(settings), {
        parent: this,
        dependsOn,
      });
      served.push(
        new MetricsApi(settings, prometheusAdapter(settings), [], certificates.prometheusAdapter, { parent: this, dependsOn: [...dependsOn, configuration] })
          .served,
      );
    }
    for (const [index, worker] of settings.workers.entries()) {
      const name = names.workerAutoscaler(worker.service, index);
      new kubernetes.autoscaling.v2.HorizontalPodAutoscaler(name, workerAutoscaler(settings, worker, index), {
        parent: this,
        dependsOn: [workers[index]!, ...served],
      });
    }
    this.registerOutputs();
  }
}
