import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Monitored } from "../../monitoring/monitored.ts";
import { monitoringNames } from "../../monitoring/names.ts";
import type { Settings } from "../settings.ts";
import { monitoringService } from "../specs/monitoringPod.ts";
import { prometheusTraffic } from "../specs/monitoringTraffic.ts";
import {
  prometheusAccount,
  prometheusCertificateRules,
  prometheusConfigMap,
  prometheusRole,
  prometheusRoleBinding,
  prometheusStatefulSet,
} from "../specs/prometheus.ts";
import { contentHash } from "../specs/configVolume.ts";
import { awaited } from "./awaited.ts";
import { policyOf } from "./networkPolicies.ts";

const name = monitoringNames.prometheus;

/** Collects the metrics of the stack's pods and evaluates the rules. */
export class Prometheus extends pulumi.ComponentResource {
  constructor(
    settings: Settings,
    certificates: pulumi.Output<Monitored["certificates"]>,
    options: pulumi.ComponentResourceOptions & { dependsOn: pulumi.Resource },
  ) {
    super("zeromq-stack:infra:Prometheus", name, {}, options);
    const inNamespace = { parent: this, dependsOn: options.dependsOn };
    const { core, rbac, apps } = { core: kubernetes.core.v1, rbac: kubernetes.rbac.v1, apps: kubernetes.apps.v1 };
    const rules = certificates.apply((all) => prometheusCertificateRules(settings, all));
    const needed = [
      new core.ConfigMap(name, prometheusConfigMap(settings, awaited(rules)), inNamespace),
      new core.ServiceAccount(name, prometheusAccount(settings), inNamespace),
      new rbac.Role(name, prometheusRole(settings), inNamespace),
      new rbac.RoleBinding(name, prometheusRoleBinding(settings), inNamespace),
      ...policyOf(name, prometheusTraffic(settings), settings, inNamespace),
    ];
    const pod = new apps.StatefulSet(name, prometheusStatefulSet(settings, awaited(rules.apply(contentHash))), { parent: this, dependsOn: needed });
    new core.Service(name, monitoringService("prometheus", settings), { parent: this, dependsOn: pod });
    this.registerOutputs();
  }
}
