import type { ConfigMap, Secret } from "kubernetes-types/core/v1.js";
import { zeromqDashboard } from "../../monitoring/dashboards/zeromq.ts";
import { dashboardProviders, dataSources, grafanaPaths } from "../../monitoring/grafana/provisioning.ts";
import { monitoringNames, monitoringPorts } from "../../monitoring/names.ts";
import { yaml } from "../../monitoring/yaml.ts";
import type { Settings } from "../settings.ts";
import { configAnnotation } from "./configVolume.ts";
import { monitoringMetadata, monitoringStatefulSet } from "./monitoringPod.ts";

const name = monitoringNames.grafana;
const adminPasswordKey = "admin-password";
const [dataSourcesFile, providersFile, dashboardFile] = ["datasources.yaml", "dashboards.yaml", "zeromq.json"];

function files({ prometheus }: Settings): Record<string, string> {
  return {
    [dataSourcesFile]: yaml(dataSources(prometheus.scrapeIntervalSeconds)),
    [providersFile]: yaml(dashboardProviders),
    [dashboardFile]: JSON.stringify(zeromqDashboard()),
  };
}

/** What Grafana is provisioned with: the data source and the dashboards. */
export function grafanaConfigMap(settings: Settings): ConfigMap {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: monitoringMetadata("grafana", settings), data: files(settings) };
}

/** The password of Grafana's user `admin`. */
export function grafanaSecret(settings: Settings, password: string) {
  return { apiVersion: "v1", kind: "Secret", metadata: monitoringMetadata("grafana", settings), stringData: { [adminPasswordKey]: password } } satisfies Secret;
}

/** Nobody looks without a login, nothing is asked of the internet. */
const environment: Record<string, string> = {
  GF_SERVER_HTTP_PORT: String(monitoringPorts.grafana),
  GF_SECURITY_ADMIN_PASSWORD__FILE: `${grafanaPaths.secrets}/${adminPasswordKey}`,
  GF_USERS_ALLOW_SIGN_UP: "false",
  GF_AUTH_ANONYMOUS_ENABLED: "false",
  GF_ANALYTICS_REPORTING_ENABLED: "false",
  GF_ANALYTICS_CHECK_FOR_UPDATES: "false",
  GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES: "false",
  GF_PLUGINS_PREINSTALL_DISABLED: "true",
  GF_NEWS_NEWS_FEED_ENABLED: "false",
  GF_PATHS_DATA: grafanaPaths.data,
  GF_PATHS_PROVISIONING: grafanaPaths.provisioning,
  GF_LOG_MODE: "console",
  GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH: `${grafanaPaths.dashboards}/${dashboardFile}`,
};

export function grafanaStatefulSet(settings: Settings) {
  const { image, resources, volume } = settings.grafana;
  const some = (...keys: string[]) => ({ name, items: keys.map((key) => ({ key, path: key })) });
  return monitoringStatefulSet("grafana", settings, {
    reference: image,
    resources,
    volume,
    annotations: configAnnotation(JSON.stringify(files(settings))),
    container: { env: Object.entries(environment).map(([variable, value]) => ({ name: variable, value })) },
    dataPath: grafanaPaths.data,
    files: [
      { name: "datasources", path: `${grafanaPaths.provisioning}/datasources`, configMap: some(dataSourcesFile) },
      { name: "providers", path: `${grafanaPaths.provisioning}/dashboards`, configMap: some(providersFile) },
      { name: "dashboards", path: grafanaPaths.dashboards, configMap: some(dashboardFile) },
      { name: "secrets", path: grafanaPaths.secrets, secret: { secretName: name } },
      { name: "temporary", path: grafanaPaths.temporary, emptyDir: { sizeLimit: "64Mi" } },
    ],
    healthy: "/healthz",
    ready: "/api/health",
  });
}
