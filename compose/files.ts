import { stringify } from "yaml";
import { zeromqDashboard } from "../monitoring/dashboards/zeromq.ts";
import { dashboardProviders, dataSources } from "../monitoring/grafana/provisioning.ts";
import type { Monitored } from "../monitoring/monitored.ts";
import { prometheusConfiguration, ruleFileNames } from "../monitoring/prometheus/configuration.ts";
import { ruleFile } from "../monitoring/rules/groups.ts";
import { names } from "../services/contract/names.ts";
import { httpPaths, ports } from "../services/contract/ports.ts";
import { parseSettings, project } from "../infra/settings.ts";
import { brokerConf, configFiles, workerConf } from "../infra/specs/configMap.ts";
import { monitored } from "../infra/specs/monitored.ts";
import { compose, services } from "./project.ts";

/** The settings that a stack has where it says nothing; there is no cluster here, and nobody is called. */
export const settings = parseSettings(
  { [`${project}:kubeContext`]: "none", [`${project}:alerting`]: '{"enabled":false}', [`${project}:autoscaling`]: '{"enabled":false}' },
  "dev",
  { isPreview: true },
);

/** Without references from one place to another, so that each part can be read by itself. */
const yaml = (value: unknown): string => stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });
const generated = "# Written by `npm run compose`: change what it is made from.\n";

/** Every file that `docker compose up` needs, by its path, made from what the stack is made from. */
export function files(): Record<string, string> {
  const about = monitored(settings);
  return {
    "docker-compose.yml": `${generated}${yaml(compose(settings))}`,
    [`config/${configFiles.broker}`]: brokerConf(settings),
    [`config/${configFiles.worker}`]: workerConf(settings),
    "config/prometheus/prometheus.yml": `${generated}${yaml(scraping(about))}`,
    [`config/prometheus/${ruleFileNames.rules}`]: `${generated}${yaml(ruleFile(about))}`,
    "config/grafana/provisioning/datasources/datasources.yaml": `${generated}${yaml(dataSources(settings.prometheus.scrapeIntervalSeconds))}`,
    "config/grafana/provisioning/dashboards/dashboards.yaml": `${generated}${yaml(dashboardProviders)}`,
    "config/grafana/dashboards/zeromq.json": `${JSON.stringify(zeromqDashboard(), undefined, 1)}\n`,
  };
}

/** Prometheus' configuration: containers are found by their service's name where a cluster's pods are found by their annotations. */
function scraping(about: Monitored) {
  const { scrape_configs: jobs, ...rest } = prometheusConfiguration(about);
  const containers = [
    [names.brokerApp, services.broker],
    [names.workerApp, services.worker],
  ].map(([job, service]) => ({
    job_name: job,
    metrics_path: httpPaths.metrics,
    dns_sd_configs: [{ names: [service], type: "A", port: ports.metrics, refresh_interval: "5s" }],
    relabel_configs: [
      { target_label: "namespace", replacement: about.namespace },
      { source_labels: ["__address__"], target_label: "pod" },
    ],
  }));
  return { ...rest, scrape_configs: [...containers, ...jobs.filter(({ job_name }) => job_name !== "pods")] };
}
