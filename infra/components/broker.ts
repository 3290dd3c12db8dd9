import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { names } from "../../services/contract/names.ts";
import type { Settings } from "../settings.ts";
import { brokerDeployment } from "../specs/brokerDeployment.ts";
import { awaitedText } from "./awaitedText.ts";
import { rolloutTime } from "./rolloutTime.ts";

/** The brokers of the active colour. */
export class Broker extends pulumi.ComponentResource {
  readonly deployment: kubernetes.apps.v1.Deployment;

  constructor(
    settings: Settings,
    image: pulumi.Output<string>,
    options: pulumi.ComponentResourceOptions & { dependsOn: pulumi.Resource[] },
  ) {
    super("zeromq-stack:infra:Broker", "broker", {}, options);
    const color = settings.activeColor;
    this.deployment = new kubernetes.apps.v1.Deployment(
      names.brokerDeployment(color),
      brokerDeployment(settings, color, awaitedText(image)),
      { parent: this, dependsOn: options.dependsOn, ...rolloutTime(settings, settings.broker.replicas) },
    );
    this.registerOutputs();
  }
}
