import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { names } from "../../services/contract/names.ts";
import { ports } from "../../services/contract/ports.ts";
import type { Settings } from "../settings.ts";
import { activeColor } from "../specs/activeColor.ts";
import { brokerService, previewService, publicService } from "../specs/services.ts";
import { confirmJob, gateJob, moveJob } from "../specs/switchJobs.ts";
import { awaited } from "./awaited.ts";
import type { Network } from "./network.ts";

type Options = pulumi.ComponentResourceOptions & { dependsOn: pulumi.Resource[] };

/**
 * Sends clients to the active colour, in steps that each await the one before: its brokers answer (gate), the Services select it,
 * the brokers learn which colour is active, the way there leads to it (confirm), clients have left the other colour (move). The
 * provider itself does not look whether a Service leads anywhere (pulumi-kubernetes#3142).
 */
export class Switch extends pulumi.ComponentResource {
  /** When the clients have left the colour that is not active. */
  readonly moved: pulumi.Resource;
  readonly endpoints: { readonly inCluster: string; readonly outside: pulumi.Output<string | undefined> | undefined };

  /** `dependsOn`: the active colour's brokers at full size, and the workers that answer there. */
  constructor(settings: Settings, image: pulumi.Output<string>, network: Network, options: Options) {
    super("zeromq-stack:infra:Switch", "switch", {}, options);
    const { ConfigMap, Service } = kubernetes.core.v1;
    const color = settings.activeColor;
    const after = (...dependsOn: pulumi.Resource[]) => ({ parent: this, dependsOn });
    // Where these Services stood before there were two colours.
    const moved = { aliases: [{ parent: network }] };

    const gate = this.#job(gateJob(settings, color, awaited(image)), "gate", [...options.dependsOn, ...network.ofColors]);
    const inCluster = new Service(names.brokerService, brokerService(settings), { ...after(gate), ...moved });
    const published = new Service(names.publicService, publicService(settings), { ...after(gate), ...moved });
    const told = new ConfigMap(names.activeColorConfigMap, activeColor(settings), after(inCluster, published));
    const confirm = this.#job(confirmJob(settings, color, awaited(image)), "confirm", [told]);
    new Service(names.previewService, previewService(settings), after(confirm));
    this.moved = this.#job(moveJob(settings, color, awaited(image)), "move", [confirm]);

    this.endpoints = {
      inCluster: `tcp://${names.brokerService}.${settings.namespace}.svc:${ports.frontend}`,
      outside: settings.frontend.serviceType === "ClusterIP" ? undefined : outsideEndpoint(published),
    };
    this.registerOutputs();
  }

  #job({ spec, timeoutSeconds }: ReturnType<typeof gateJob>, step: string, dependsOn: pulumi.Resource[]): pulumi.Resource {
    const timeout = `${timeoutSeconds}s`;
    return new kubernetes.batch.v1.Job(`${names.switchApp}-${step}`, spec, { parent: this, dependsOn, customTimeouts: { create: timeout, update: timeout } });
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
