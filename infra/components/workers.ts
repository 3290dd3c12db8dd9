import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { names } from "../../services/contract/names.ts";
import type { Settings, WorkerSettings } from "../settings.ts";
import { disruptionBudget } from "../specs/disruptionBudget.ts";
import { workerBounds } from "../settings/workers.ts";
import { workerDeployment, workerLabels } from "../specs/workerDeployment.ts";
import { awaited } from "./awaited.ts";
import { ownReplicas } from "./ownReplicas.ts";
import { rolloutTime } from "./rolloutTime.ts";

/** The workers, one Deployment a service. */
export class Workers extends pulumi.ComponentResource {
  readonly deployments: readonly kubernetes.apps.v1.Deployment[];

  constructor(
    settings: Settings,
    imageOf: (worker: WorkerSettings) => pulumi.Output<string>,
    options: pulumi.ComponentResourceOptions & { dependsOn: pulumi.Resource[] },
  ) {
    super("zeromq-stack:infra:Workers", "workers", {}, options);
    this.deployments = settings.workers.map((worker, index) => {
      const name = names.workerDeployment(worker.service, index);
      const of = { parent: this, dependsOn: options.dependsOn };
      new kubernetes.policy.v1.PodDisruptionBudget(name, disruptionBudget({ name, namespace: settings.namespace, matchLabels: workerLabels(worker) }), of);
      return new kubernetes.apps.v1.Deployment(name, workerDeployment(settings, worker, index, awaited(imageOf(worker))), {
        ...of,
        ...replicas(settings, worker, index),
      });
    });
    this.registerOutputs();
  }
}

/** Whose the number of workers is: the autoscaler's once they are there, or the settings'. */
function replicas(settings: Settings, worker: WorkerSettings, index: number): pulumi.CustomResourceOptions {
  if (settings.autoscaling.enabled) return { ignoreChanges: ["spec.replicas"], ...rolloutTime(settings, workerBounds(settings, worker).maxReplicas) };
  const owned = { deployment: names.workerDeployment(worker.service, index), autoscaler: names.workerAutoscaler(worker.service, index) };
  return { hooks: { beforeUpdate: [ownReplicas(owned, settings)] }, ...rolloutTime(settings, worker.replicas) };
}
