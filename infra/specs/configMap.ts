import { basename } from "node:path";
import type { ConfigMap } from "kubernetes-types/core/v1.js";
import { environment } from "../../services/contract/environment.ts";
import { image } from "../../services/contract/image.ts";
import { names } from "../../services/contract/names.ts";
import { ports } from "../../services/contract/ports.ts";
import type { Settings } from "../settings.ts";
import { objectMetadata } from "./objectMetadata.ts";

/** The names of the files in the ConfigMap and in the containers. */
export const configFiles = {
  broker: basename(image.brokerConfigFile),
  worker: basename(image.workerConfigFile),
} as const;

/** What brokers read at start, but for the level of their log, which they follow while they run. */
export function brokerConf({ broker }: Settings): string {
  return lines({
    [environment.frontendPort.fileKey]: ports.frontend,
    [environment.backendPort.fileKey]: ports.backend,
    [environment.logLevel.fileKey]: broker.logLevel,
    [environment.heartbeatIntervalSeconds.fileKey]: inSeconds(broker.heartbeatIntervalSeconds),
    [environment.heartbeatLiveness.fileKey]: broker.heartbeatLiveness,
  });
}

/** What all workers read, as brokers do theirs; a service's own values come as variables, which win. */
export function workerConf({ workerLogLevel }: Pick<Settings, "workerLogLevel">): string {
  return lines({
    [environment.logLevel.fileKey]: workerLogLevel,
    [environment.brokerAddress.fileKey]: `tcp://${names.headlessService}:${ports.backend}`,
    [environment.workerTimeoutSeconds.fileKey]: environment.workerTimeoutSeconds.default,
    [environment.retryAttempts.fileKey]: environment.retryAttempts.default,
  });
}

/** The files that are mounted into the pods. */
export function configMap(settings: Settings): ConfigMap {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: objectMetadata({ name: names.configMap, namespace: settings.namespace }),
    data: { [configFiles.broker]: brokerConf(settings), [configFiles.worker]: workerConf(settings) },
  };
}

/** Seconds are written as the seed does: always with a fraction. */
export function inSeconds(seconds: number): string {
  return Number.isInteger(seconds) ? seconds.toFixed(1) : String(seconds);
}

/** What of a file counts at start alone: a change of it rolls the pods. */
export function readAtStart(file: string): string {
  return file
    .split("\n")
    .filter((line) => !line.startsWith(`${environment.logLevel.fileKey} `))
    .join("\n");
}

function lines(values: Record<string, string | number>): string {
  return Object.entries(values)
    .map(([key, value]) => `${key} = ${value}\n`)
    .join("");
}
