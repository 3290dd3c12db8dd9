import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../settings.ts";
import { Alertmanager } from "./alertmanager.ts";
import { Grafana } from "./grafana.ts";
import { Prometheus } from "./prometheus.ts";

/** What operators look at and are told by, as far as the settings want it. */
export class Monitoring extends pulumi.ComponentResource {
  constructor(settings: Settings, { dependsOn, ...options }: pulumi.ComponentResourceOptions & { dependsOn: pulumi.Resource }) {
    super("zeromq-stack:infra:Monitoring", "monitoring", {}, options);
    const inside = { parent: this, dependsOn };
    if (settings.alerting.enabled) new Alertmanager(settings, inside);
    if (settings.prometheus.enabled) new Prometheus(settings, inside);
    if (settings.grafana.enabled) new Grafana(settings, inside);
    this.registerOutputs();
  }
}
