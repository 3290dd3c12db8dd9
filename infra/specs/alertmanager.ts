import { scryptSync } from "node:crypto";
import type { Secret } from "kubernetes-types/core/v1.js";
import { alertmanagerConfiguration, alertmanagerPaths } from "../../monitoring/alertmanager/configuration.ts";
import { monitoringNames, monitoringPorts } from "../../monitoring/names.ts";
import { yaml } from "../../monitoring/yaml.ts";
import type { Settings } from "../settings.ts";
import { configAnnotation } from "./configVolume.ts";
import { monitoringMetadata, monitoringStatefulSet } from "./monitoringPod.ts";

const configurationFile = "alertmanager.yml";

function configuration({ alerting }: Settings): string {
  return yaml(alertmanagerConfiguration(alerting));
}

/** Its configuration: receivers' addresses and passwords stand in it. */
export function alertmanagerSecret(settings: Settings) {
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: monitoringMetadata("alertmanager", settings),
    stringData: { [configurationFile]: configuration(settings) },
  } satisfies Secret;
}

export function alertmanagerStatefulSet(settings: Settings) {
  const { image, resources, volume } = settings.alerting;
  // More people may read annotations than secrets: a slow hash, since a fast one lets them try passwords.
  const hash = scryptSync(configuration(settings), settings.namespace, 32).toString("hex");
  return monitoringStatefulSet("alertmanager", settings, {
    reference: image,
    resources,
    volume,
    annotations: configAnnotation(hash),
    container: {
      args: [
        `--config.file=${alertmanagerPaths.configuration}/${configurationFile}`,
        `--storage.path=${alertmanagerPaths.data}`,
        `--web.listen-address=:${monitoringPorts.alertmanager}`,
        // One that is alone has nobody to talk to.
        "--cluster.listen-address=",
      ],
    },
    dataPath: alertmanagerPaths.data,
    files: [{ name: "config", path: alertmanagerPaths.configuration, secret: { secretName: monitoringNames.alertmanager } }],
    healthy: "/-/healthy",
    ready: "/-/ready",
  });
}
