import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { names } from "../../services/contract/names.ts";
import type { Settings } from "../settings.ts";
import { configMap } from "../specs/configMap.ts";
import { namespace } from "../specs/namespace.ts";

/** The namespace and the configuration that everything else stands on. */
export class Foundation extends pulumi.ComponentResource {
  readonly namespace: kubernetes.core.v1.Namespace;
  readonly configMap: kubernetes.core.v1.ConfigMap;

  constructor(settings: Settings, options: pulumi.ComponentResourceOptions) {
    super("zeromq-stack:infra:Foundation", "foundation", {}, options);
    this.namespace = new kubernetes.core.v1.Namespace(settings.namespace, namespace(settings), { parent: this });
    this.configMap = new kubernetes.core.v1.ConfigMap(names.configMap, configMap(settings), {
      parent: this,
      dependsOn: this.namespace,
    });
    this.registerOutputs();
  }
}
