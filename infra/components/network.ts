import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { names } from "../../services/contract/names.ts";
import { ports } from "../../services/contract/ports.ts";
import type { Settings } from "../settings.ts";
import { brokerService, headlessService, publicService } from "../specs/services.ts";

interface Needs {
  readonly namespace: pulumi.Resource;
  /** What must be ready before clients are sent to it: the provider itself does not look (pulumi-kubernetes#3142). */
  readonly brokers: pulumi.Resource;
}

/** The Services through which clients and workers find brokers. */
export class Network extends pulumi.ComponentResource {
  readonly headless: kubernetes.core.v1.Service;
  readonly endpoints: { readonly inCluster: string; readonly outside: pulumi.Output<string | undefined> | undefined };

  constructor(settings: Settings, { namespace, brokers }: Needs, options: pulumi.ComponentResourceOptions) {
    super("zeromq-stack:infra:Network", "network", {}, options);
    const { Service } = kubernetes.core.v1;
    this.headless = new Service(names.headlessService, headlessService(settings), { parent: this, dependsOn: namespace });
    new Service(names.brokerService, brokerService(settings), { parent: this, dependsOn: brokers });
    const published = new Service(names.publicService, publicService(settings), { parent: this, dependsOn: brokers });
    this.endpoints = {
      inCluster: `tcp://${names.brokerService}.${settings.namespace}.svc:${ports.frontend}`,
      outside: settings.frontend.serviceType === "ClusterIP" ? undefined : outsideEndpoint(published),
    };
    this.registerOutputs();
  }
}

/** Where the load balancer or the nodes answer. */
function outsideEndpoint({ spec, status }: kubernetes.core.v1.Service): pulumi.Output<string | undefined> {
  return pulumi.all([spec, status]).apply(([spec, status]) => {
    const [balancer] = status?.loadBalancer?.ingress ?? [];
    if (balancer) return `tcp://${balancer.hostname ?? balancer.ip}:${ports.frontend}`;
    const nodePort = spec.type === "NodePort" && spec.ports?.[0]?.nodePort;
    return nodePort ? `tcp://<any node>:${nodePort}` : undefined;
  });
}
