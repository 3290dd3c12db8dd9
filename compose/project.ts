import { grafanaPaths } from "../monitoring/grafana/provisioning.ts";
import { monitoringNames, monitoringPorts } from "../monitoring/names.ts";
import { prometheusGraceSeconds, prometheusPaths } from "../monitoring/prometheus/configuration.ts";
import { environment } from "../services/contract/environment.ts";
import { command, image } from "../services/contract/image.ts";
import { names } from "../services/contract/names.ts";
import { httpPaths, ports } from "../services/contract/ports.ts";
import { version } from "../services/contract/version.ts";
import type { Settings } from "../infra/settings.ts";
import { gracePeriods } from "../infra/specs/gracePeriods.ts";

/** The services' names, which are also their hosts' names. */
export const services = { broker: "broker", worker: "worker" } as const;

const workers = 3;
const registry = "${IMAGE_REGISTRY:-docker.io}";
/** What is published is for this machine: connections are plain text here. */
const published = (port: number) => `127.0.0.1:${port}:${port}`;
const readOnly = (source: string, target: string) => ({ type: "bind", source, target, read_only: true });

/** What every container gives up, as a stack's pods do. */
const hardened = {
  restart: "unless-stopped",
  read_only: true,
  cap_drop: ["ALL"],
  security_opt: ["no-new-privileges:true"],
  networks: ["zeromq"],
} as const;

/** The seed's values, but for a start that is noticed at once. */
const healthcheck = { interval: "30s", timeout: "3s", retries: 3, start_period: "30s", start_interval: "1s" };
const asked = (url: string) => ({ ...healthcheck, test: ["CMD", "wget", "--quiet", "--spider", url] });

/** docker-compose.yml, as an object. */
export function compose(settings: Settings) {
  const { broker, prometheus, grafana } = settings;
  const [worker] = settings.workers;
  const build = (target: string) => ({
    context: "./services",
    target,
    args: { IMAGE_REGISTRY: registry, NPM_REGISTRY: "${NPM_REGISTRY:-}", CA_CERTIFICATES: "${CA_CERTIFICATES:-}" },
  });
  const ownConfig = readOnly("./config", image.configDirectory);
  const grace = { stop_grace_period: `${gracePeriods(settings).podSeconds}s` };
  return {
    name: "zeromq-stack",
    services: {
      [services.broker]: {
        image: `${names.brokerApp}:${version}`,
        build: build("broker"),
        ...hardened,
        ...grace,
        ports: [published(ports.frontend), published(ports.backend)],
        environment: {
          [environment.configFile.name]: image.brokerConfigFile,
          [environment.logLevel.name]: `\${LOG_LEVEL:-${environment.logLevel.default}}`,
          [environment.frontendPort.name]: String(ports.frontend),
          [environment.backendPort.name]: String(ports.backend),
          [environment.metricsPort.name]: String(ports.metrics),
          [environment.shutdownGraceSeconds.name]: String(gracePeriods(settings).processSeconds),
        },
        volumes: [ownConfig],
        healthcheck: { ...healthcheck, test: ["CMD", ...command("healthcheck", "--timeout-ms", "2000")] },
        deploy: limits(broker.resources),
      },
      [services.worker]: {
        image: `${names.workerApp}:${version}`,
        build: build("worker"),
        ...hardened,
        ...grace,
        depends_on: { [services.broker]: { condition: "service_healthy" } },
        // Each is called like its container in logs: WORKER_ID would be the same for all.
        environment: {
          [environment.configFile.name]: image.workerConfigFile,
          [environment.logLevel.name]: `\${LOG_LEVEL:-${environment.logLevel.default}}`,
          [environment.brokerAddress.name]: `tcp://${services.broker}:${ports.backend}`,
          [environment.service.name]: `\${SERVICE:-${worker!.service}}`,
          [environment.metricsPort.name]: String(ports.metrics),
          [environment.shutdownGraceSeconds.name]: String(gracePeriods(settings).processSeconds),
        },
        volumes: [ownConfig],
        healthcheck: {
          ...healthcheck,
          test: [
            "CMD",
            image.node,
            "-e",
            `fetch('http://127.0.0.1:${ports.metrics}${httpPaths.live}').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))`,
          ],
        },
        deploy: { replicas: workers, ...limits(worker!.resources) },
      },
      [monitoringNames.prometheus]: {
        image: `${registry}/${prometheus.image}`,
        ...hardened,
        stop_grace_period: `${prometheusGraceSeconds}s`,
        ports: [published(monitoringPorts.prometheus)],
        command: [
          `--config.file=${prometheusPaths.configuration}/prometheus.yml`,
          `--storage.tsdb.path=${prometheusPaths.data}`,
          `--storage.tsdb.retention.time=${prometheus.retentionDays}d`,
        ],
        volumes: [readOnly("./config/prometheus", prometheusPaths.configuration), `prometheus:${prometheusPaths.data}`],
        healthcheck: asked(`http://127.0.0.1:${monitoringPorts.prometheus}/-/ready`),
        deploy: limits(prometheus.resources),
      },
      [monitoringNames.grafana]: {
        image: `${registry}/${grafana.image}`,
        ...hardened,
        ports: [published(monitoringPorts.grafana)],
        depends_on: [monitoringNames.prometheus],
        environment: {
          GF_SECURITY_ADMIN_PASSWORD: "${GRAFANA_ADMIN_PASSWORD:?has no default: set it in the shell or in the file .env}",
          GF_USERS_ALLOW_SIGN_UP: "false",
          GF_ANALYTICS_REPORTING_ENABLED: "false",
          GF_ANALYTICS_CHECK_FOR_UPDATES: "false",
          GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES: "false",
          GF_PLUGINS_PREINSTALL_DISABLED: "true",
          GF_NEWS_NEWS_FEED_ENABLED: "false",
          GF_LOG_MODE: "console",
        },
        tmpfs: [grafanaPaths.temporary],
        volumes: [
          readOnly("./config/grafana/provisioning", grafanaPaths.provisioning),
          readOnly("./config/grafana/dashboards", grafanaPaths.dashboards),
          `grafana:${grafanaPaths.data}`,
        ],
        healthcheck: asked(`http://127.0.0.1:${monitoringPorts.grafana}/api/health`),
        deploy: limits(grafana.resources),
      },
    },
    networks: { zeromq: { driver: "bridge" } },
    volumes: { prometheus: {}, grafana: {} },
  };
}

/** Docker counts in cores and in M, which are MiB. */
function limits({ limits: { cpu, memory } }: Settings["broker"]["resources"]) {
  const cores = cpu.endsWith("m") ? String(Number(cpu.slice(0, -1)) / 1000) : cpu;
  return { resources: { limits: { cpus: cores, memory: memory.replace(/i$/, "") } } };
}
