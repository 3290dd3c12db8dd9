import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { reachesSomebody } from "../../monitoring/alertmanager/configuration.ts";
import { monitoringNames } from "../../monitoring/names.ts";
import type { Settings } from "../settings.ts";
import { alertmanagerSecret, alertmanagerStatefulSet } from "../specs/alertmanager.ts";
import { monitoringService } from "../specs/monitoringPod.ts";
import { alertmanagerTraffic } from "../specs/monitoringTraffic.ts";
import { policyOf } from "./networkPolicies.ts";

const name = monitoringNames.alertmanager;

/** Tells operators of alerts, each once. */
export class Alertmanager extends pulumi.ComponentResource {
  constructor(settings: Settings, options: pulumi.ComponentResourceOptions & { dependsOn: pulumi.Resource }) {
    super("zeromq-stack:infra:Alertmanager", name, {}, options);
    if (!reachesSomebody(settings.alerting)) {
      void pulumi.log.warn("alerts reach nobody: set alerting.webhook or alerting.email, or alerting.enabled false", this);
    }
    const inNamespace = { parent: this, dependsOn: options.dependsOn };
    const needed = [
      new kubernetes.core.v1.Secret(name, alertmanagerSecret(settings), inNamespace),
      ...policyOf(name, alertmanagerTraffic(settings), settings, inNamespace),
    ];
    const pod = new kubernetes.apps.v1.StatefulSet(name, alertmanagerStatefulSet(settings), { parent: this, dependsOn: needed });
    new kubernetes.core.v1.Service(name, monitoringService("alertmanager", settings), { parent: this, dependsOn: pod });
    this.registerOutputs();
  }
}
