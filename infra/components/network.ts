import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { colors, names } from "../../services/contract/names.ts";
import type { Settings } from "../settings.ts";
import { colorService, headlessService } from "../specs/services.ts";

/** The names under which brokers are found one by one, whichever colour is active. */
export class Network extends pulumi.ComponentResource {
  readonly headless: kubernetes.core.v1.Service;
  readonly ofColors: readonly kubernetes.core.v1.Service[];

  constructor(settings: Settings, options: pulumi.ComponentResourceOptions & { dependsOn: pulumi.Resource }) {
    super("zeromq-stack:infra:Network", "network", {}, options);
    const { Service } = kubernetes.core.v1;
    const of = { parent: this, dependsOn: options.dependsOn };
    this.headless = new Service(names.headlessService, headlessService(settings), of);
    this.ofColors = colors.map((color) => new Service(names.colorService(color), colorService(settings, color), of));
    this.registerOutputs();
  }
}
