import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { type Color, names } from "../../services/contract/names.ts";
import type { Settings } from "../settings.ts";
import { brokerDeployment, brokerLabels, brokerReplicas } from "../specs/brokerDeployment.ts";
import { disruptionBudget } from "../specs/disruptionBudget.ts";
import { awaited } from "./awaited.ts";
import { rolloutTime } from "./rolloutTime.ts";

/** The brokers of one colour. */
export class Broker extends pulumi.ComponentResource {
  readonly deployment: kubernetes.apps.v1.Deployment;

  constructor(settings: Settings, color: Color, image: pulumi.Output<string>, options: pulumi.ComponentResourceOptions & { dependsOn: pulumi.Resource[] }) {
    super("zeromq-stack:infra:Broker", `broker-${color}`, {}, options);
    const name = names.brokerDeployment(color);
    const of = { parent: this, dependsOn: options.dependsOn };
    this.deployment = new kubernetes.apps.v1.Deployment(name, brokerDeployment(settings, color, awaited(image)), {
      ...of,
      ...rolloutTime(settings, brokerReplicas(settings, color)),
    });
    new kubernetes.policy.v1.PodDisruptionBudget(name, disruptionBudget({ name, namespace: settings.namespace, matchLabels: brokerLabels(color) }), of);
    this.registerOutputs();
  }
}
