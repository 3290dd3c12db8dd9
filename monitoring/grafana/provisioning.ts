import { monitoringNames, monitoringPorts } from "../names.ts";
import { dataSource } from "../dashboards/panel.ts";

/** Where things lie in Grafana's container. */
export const grafanaPaths = {
  provisioning: "/etc/grafana/provisioning",
  dashboards: "/etc/grafana/dashboards",
  secrets: "/etc/grafana/secrets",
  data: "/var/lib/grafana",
  temporary: "/tmp",
} as const;

/** The stack's Prometheus, under the name by which the dashboards ask for it. */
export function dataSources(scrapeIntervalSeconds: number) {
  return {
    apiVersion: 1,
    datasources: [
      {
        name: "Prometheus",
        type: dataSource.type,
        uid: dataSource.uid,
        access: "proxy",
        url: `http://${monitoringNames.prometheus}:${monitoringPorts.prometheus}`,
        isDefault: true,
        editable: false,
        jsonData: { timeInterval: `${scrapeIntervalSeconds}s`, httpMethod: "POST" },
      },
    ],
  };
}

/** Dashboards are the code's: nobody can save over them. */
export const dashboardProviders = {
  apiVersion: 1,
  providers: [{ name: "zeromq-stack", type: "file", allowUiUpdates: false, disableDeletion: true, options: { path: grafanaPaths.dashboards } }],
} as const;
