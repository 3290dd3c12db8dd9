import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { NetworkPolicy } from "kubernetes-types/networking/v1.js";
import type { Settings } from "../settings.ts";
import { networkPolicies } from "../specs/networkPolicies.ts";

/** The policy of a part that is declared apart from the others; none where the settings want none. */
export function policyOf(name: string, policy: NetworkPolicy, { network }: Settings, options: pulumi.ResourceOptions): pulumi.Resource[] {
  return network.policies ? [new kubernetes.networking.v1.NetworkPolicy(name, policy, options)] : [];
}

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
