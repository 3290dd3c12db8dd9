import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { names } from "../../services/contract/names.ts";
import type { Settings, WorkerSettings } from "../settings.ts";
import { disruptionBudget } from "../specs/disruptionBudget.ts";
import { workerDeployment, workerLabels } from "../specs/workerDeployment.ts";
import { awaitedText } from "./awaitedText.ts";
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
      new kubernetes.policy.v1.PodDisruptionBudget(
        name,
        disruptionBudget({ name, namespace: settings.namespace, matchLabels: workerLabels(worker) }),
        of,
      );
      return new kubernetes.apps.v1.Deployment(name, workerDeployment(settings, worker, index, awaitedText(imageOf(worker))), {
        ...of,
        ...rolloutTime(settings, worker.replicas),
      });
    });
    this.registerOutputs();
  }
}
