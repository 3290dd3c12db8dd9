import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../settings.ts";
import { Alertmanager } from "./alertmanager.ts";
import { Autoscaling, metricsCertificates } from "./autoscaling.ts";
import { Grafana } from "./grafana.ts";
import { Logging } from "./logging.ts";
import { Prometheus } from "./prometheus.ts";

/** What operators look at and are told by, and what acts on it, as far as the settings want it. */
export class Monitoring extends pulumi.ComponentResource {
  /**
   * @param workers what autoscaling moves, in the order of the settings
   * @param image our own, for what needs a program of its own
   */
  constructor(
    settings: Settings,
    workers: readonly pulumi.Resource[],
    image: pulumi.Output<string>,
    { dependsOn, ...options }: pulumi.ComponentResourceOptions & { dependsOn: pulumi.Resource },
  ) {
    super("zeromq-stack:infra:Monitoring", "monitoring", {}, options);
    const inside = { parent: this, dependsOn };
    if (settings.alerting.enabled) new Alertmanager(settings, inside);
    const certificates = metricsCertificates(settings, this);
    const last = pulumi.all(Object.values(certificates).map(({ lasts }) => lasts));
    const prometheus = settings.prometheus.enabled ? [new Prometheus(settings, last, inside)] : [];
    if (settings.grafana.enabled) new Grafana(settings, inside);
    if (settings.autoscaling.enabled) new Autoscaling(settings, workers, certificates, { parent: this, dependsOn: [dependsOn, ...prometheus] });
    if (settings.logging.enabled) new Logging(settings, image, inside);
    this.registerOutputs();
  }
}
