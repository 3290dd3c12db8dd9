import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../settings.ts";
import { networkPolicies } from "../specs/networkPolicies.ts";

/** What may connect to what; enforced by the cluster's network, where it knows such policies. */
export class NetworkPolicies extends pulumi.ComponentResource {
  readonly objects: readonly pulumi.Resource[];

  constructor(settings: Settings, options: pulumi.ComponentResourceOptions & { dependsOn: pulumi.Resource }) {
    super("zeromq-stack:infra:NetworkPolicies", "network-policies", {}, options);
    const declared = settings.network.policies ? Object.entries(networkPolicies(settings)) : [];
    this.objects = declared.map(([name, policy]) => new kubernetes.networking.v1.NetworkPolicy(name, policy, { parent: this, dependsOn: options.dependsOn }));
    this.registerOutputs();
  }
}
