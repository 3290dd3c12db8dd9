import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { monitoringNames } from "../../monitoring/names.ts";
import type { Settings } from "../settings.ts";
import { grafanaConfigMap, grafanaSecret, grafanaStatefulSet } from "../specs/grafana.ts";
import { monitoringService } from "../specs/monitoringPod.ts";
import { grafanaTraffic } from "../specs/monitoringTraffic.ts";
import { awaited } from "./awaited.ts";
import { keptPassword } from "./keptPassword.ts";
import { policyOf } from "./networkPolicies.ts";

const name = monitoringNames.grafana;

/** Shows what Prometheus has. Its administrator's password is made by the first update, as the CURVE keys are. */
export class Grafana extends pulumi.ComponentResource {
  constructor(settings: Settings, options: pulumi.ComponentResourceOptions & { dependsOn: pulumi.Resource }) {
    super("zeromq-stack:infra:Grafana", name, {}, options);
    const password = keptPassword("grafana-admin-password", this);
    const inNamespace = { parent: this, dependsOn: options.dependsOn };
    const needed = [
      new kubernetes.core.v1.ConfigMap(name, grafanaConfigMap(settings), inNamespace),
      new kubernetes.core.v1.Secret(name, grafanaSecret(settings, awaited(password)), inNamespace),
      ...policyOf(name, grafanaTraffic(settings), settings, inNamespace),
    ];
    const pod = new kubernetes.apps.v1.StatefulSet(name, grafanaStatefulSet(settings), { parent: this, dependsOn: needed });
    new kubernetes.core.v1.Service(name, monitoringService("grafana", settings), { parent: this, dependsOn: pod });
    this.registerOutputs();
  }
}
