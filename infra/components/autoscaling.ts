import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { names } from "../../services/contract/names.ts";
import { metricsApiNames } from "../../monitoring/names.ts";
import type { Settings } from "../settings.ts";
import { metricsServer, metricsServerRules } from "../specs/metricsServer.ts";
import { prometheusAdapter, prometheusAdapterConfigMap } from "../specs/prometheusAdapter.ts";
import { workerAutoscaler } from "../specs/workerAutoscaler.ts";
import { MetricsApi } from "./metricsApi.ts";

type Options = pulumi.ComponentResourceOptions & { dependsOn: pulumi.Resource[] };

/** What moves the number of workers, and what tells it the load as far as the cluster has nobody who does. */
export class Autoscaling extends pulumi.ComponentResource {
  /** @param workers the Deployments, in the order of the settings */
  constructor(settings: Settings, workers: readonly pulumi.Resource[], { dependsOn, ...options }: Options) {
    super("zeromq-stack:infra:Autoscaling", "autoscaling", {}, options);
    const { autoscaling } = settings;
    const parent = this;
    const served: pulumi.Resource[] = [];
    if (autoscaling.metricsServer.from === "stack") {
      served.push(new MetricsApi(settings, metricsServer(settings), metricsServerRules, { parent, dependsOn }).served);
    }
    if (autoscaling.prometheusAdapter.from === "stack") {
      const configuration = new kubernetes.core.v1.ConfigMap(metricsApiNames.prometheusAdapter, prometheusAdapterConfigMap(settings), { parent, dependsOn });
      served.push(new MetricsApi(settings, prometheusAdapter(settings), [], { parent, dependsOn: [...dependsOn, configuration] }).served);
    }
    for (const [index, worker] of settings.workers.entries()) {
      const name = names.workerAutoscaler(worker.service, index);
      new kubernetes.autoscaling.v2.HorizontalPodAutoscaler(name, workerAutoscaler(settings, worker, index), { parent, dependsOn: [workers[index]!, ...served] });
    }
    this.registerOutputs();
  }
}
