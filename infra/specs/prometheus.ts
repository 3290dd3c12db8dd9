import type { ConfigMap, ServiceAccount } from "kubernetes-types/core/v1.js";
import type { Role, RoleBinding } from "kubernetes-types/rbac/v1.js";
import type { Monitored } from "../../monitoring/monitored.ts";
import { prometheusConfiguration, prometheusGraceSeconds, prometheusPaths, ruleFileNames } from "../../monitoring/prometheus/configuration.ts";
import { monitoringNames, monitoringPorts } from "../../monitoring/names.ts";
import { certificateRuleFile, ruleFile } from "../../monitoring/rules/groups.ts";
import { yaml } from "../../monitoring/yaml.ts";
import type { Settings } from "../settings.ts";
import { configAnnotation } from "./configVolume.ts";
import { usableMebibytes } from "./dataVolume.ts";
import { monitored } from "./monitored.ts";
import { monitoringMetadata, monitoringStatefulSet } from "./monitoringPod.ts";

const name = monitoringNames.prometheus;
const configurationFile = "prometheus.yml";
const certificateRulesAnnotation = "zeromq-stack/certificate-rules-hash";

function files(settings: Settings): Record<string, string> {
  const about = monitored(settings);
  return { [configurationFile]: yaml(prometheusConfiguration(about)), [ruleFileNames.rules]: yaml(ruleFile(about)) };
}

/** @param certificates how long those last that the stack made for servers of its own */
export function prometheusCertificateRules(settings: Settings, certificates: Monitored["certificates"]): string {
  return yaml(certificateRuleFile(monitored(settings, certificates)));
}

/** Its configuration and the rules. */
export function prometheusConfigMap(settings: Settings, certificateRules: string): ConfigMap {
  const data = { ...files(settings), [ruleFileNames.certificates]: certificateRules };
  return { apiVersion: "v1", kind: "ConfigMap", metadata: monitoringMetadata("prometheus", settings), data };
}

export function prometheusAccount(settings: Settings): ServiceAccount {
  return { apiVersion: "v1", kind: "ServiceAccount", metadata: monitoringMetadata("prometheus", settings), automountServiceAccountToken: false };
}

/** It may look at the pods of the stack's namespace, and at nothing else. */
export function prometheusRole(settings: Settings): Role {
  return {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "Role",
    metadata: monitoringMetadata("prometheus", settings),
    rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["get", "list", "watch"] }],
  };
}

export function prometheusRoleBinding(settings: Settings): RoleBinding {
  return {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "RoleBinding",
    metadata: monitoringMetadata("prometheus", settings),
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name },
    subjects: [{ kind: "ServiceAccount", name, namespace: settings.namespace }],
  };
}

export function prometheusStatefulSet(settings: Settings, certificateRulesHash: string) {
  const { image, resources, volume, retentionDays } = settings.prometheus;
  return monitoringStatefulSet("prometheus", settings, {
    reference: image,
    resources,
    volume,
    annotations: { ...configAnnotation(JSON.stringify(files(settings))), [certificateRulesAnnotation]: certificateRulesHash },
    container: {
      args: [
        `--config.file=${prometheusPaths.configuration}/${configurationFile}`,
        `--storage.tsdb.path=${prometheusPaths.data}`,
        `--storage.tsdb.retention.time=${retentionDays}d`,
        `--storage.tsdb.retention.size=${usableMebibytes(volume)}MB`,
        `--web.listen-address=:${monitoringPorts.prometheus}`,
      ],
    },
    pod: {
      serviceAccountName: name,
      automountServiceAccountToken: true,
      terminationGracePeriodSeconds: prometheusGraceSeconds,
    },
    dataPath: prometheusPaths.data,
    files: [{ name: "config", path: prometheusPaths.configuration, configMap: { name } }],
    healthy: "/-/healthy",
    ready: "/-/ready",
  });
}
