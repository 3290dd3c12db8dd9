import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { names } from "../../services/contract/names.ts";
import type { Settings } from "../settings.ts";
import { workerDeployment } from "../specs/workerDeployment.ts";
import { awaitedText } from "./awaitedText.ts";
import { rolloutTime } from "./rolloutTime.ts";

/** The workers, one Deployment a service. */
export class Workers extends pulumi.ComponentResource {
  readonly deployments: readonly kubernetes.apps.v1.Deployment[];

  constructor(
    settings: Settings,
    image: pulumi.Output<string>,
    options: pulumi.ComponentResourceOptions & { dependsOn: pulumi.Resource[] },
  ) {
    super("zeromq-stack:infra:Workers", "workers", {}, options);
    this.deployments = settings.workers.map(
      (worker, index) =>
        new kubernetes.apps.v1.Deployment(
          names.workerDeployment(worker.service, index),
          workerDeployment(settings, worker, index, awaitedText(image)),
          { parent: this, dependsOn: options.dependsOn, ...rolloutTime(settings, worker.replicas) },
        ),
    );
    this.registerOutputs();
  }
}
