import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { names } from "../../services/contract/names.ts";
import type { Settings } from "../settings.ts";
import { configMap } from "../specs/configMap.ts";
import { isProtected } from "../settings/developmentStack.ts";
import { brokerPriorityClass, priorityClass } from "../specs/priority.ts";
import { pullSecret } from "../specs/pullSecret.ts";
import { namespace } from "../specs/namespace.ts";
import { protection } from "./protection.ts";

/** The namespace and the configuration that everything else stands on. */
export class Foundation extends pulumi.ComponentResource {
  readonly namespace: kubernetes.core.v1.Namespace;
  readonly configMap: kubernetes.core.v1.ConfigMap;
  /** What pods need besides, where the settings say so: logins of registries, a priority. */
  readonly objects: readonly pulumi.Resource[];

  constructor(settings: Settings, options: pulumi.ComponentResourceOptions) {
    super("zeromq-stack:infra:Foundation", "foundation", {}, options);
    this.namespace = new kubernetes.core.v1.Namespace(settings.namespace, namespace(settings), {
      parent: this,
      protect: isProtected(settings, pulumi.getStack()),
      dependsOn: protection(settings, this),
    });
    this.configMap = new kubernetes.core.v1.ConfigMap(names.configMap, configMap(settings), {
      parent: this,
      dependsOn: this.namespace,
    });
    const { pull, broker } = settings;
    this.objects = [
      ...(pull.logins.length === 0 ? [] : [new kubernetes.core.v1.Secret(names.pullSecret, pullSecret(settings), { parent: this, dependsOn: this.namespace })]),
      ...(broker.priority === undefined
        ? []
        : [
            new kubernetes.scheduling.v1.PriorityClass(brokerPriorityClass(settings, broker.priority), priorityClass(settings, broker.priority), {
              parent: this,
              dependsOn: this.namespace,
            }),
          ]),
    ];
    this.registerOutputs();
  }
}
