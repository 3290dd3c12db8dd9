import type { NetworkPolicy, NetworkPolicyEgressRule, NetworkPolicyIngressRule, NetworkPolicyPeer } from "kubernetes-types/networking/v1.js";
import { loggingPorts } from "../../monitoring/names.ts";
import type { Settings } from "../settings.ts";
import { loggingLabels, loggingMetadata, type LoggingPart, namespaceOf } from "./loggingPod.ts";
import { needsSetup } from "./loggingSetup.ts";
import { logsNamespace } from "./logsNamespace.ts";
import { objectMetadata } from "./objectMetadata.ts";

const tcp = (...numbers: number[]) => numbers.map((port) => ({ protocol: "TCP", port }));

/** Names are asked at an address that each cluster chooses for itself. */
const askNames: NetworkPolicyEgressRule = { ports: [{ protocol: "UDP", port: 53 }, ...tcp(53)] };

/** A part's pods, seen from another part's. */
function pods(part: LoggingPart, from: LoggingPart, settings: Settings): NetworkPolicyPeer {
  const namespace = namespaceOf(part, settings);
  const elsewhere = namespace !== namespaceOf(from, settings);
  return {
    podSelector: { matchLabels: loggingLabels(part) },
    ...(elsewhere && { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } } }),
  };
}

function policy(part: LoggingPart, settings: Settings, from: readonly LoggingPart[], to: readonly ("elasticsearch" | "kibana")[]): NetworkPolicy {
  const ingress: NetworkPolicyIngressRule[] =
    from.length === 0 ? [] : [{ from: from.map((other) => pods(other, part, settings)), ports: tcp(loggingPorts[part as keyof typeof loggingPorts]) }];
  const reached = to.map((other) => ({ to: [pods(other, part, settings)], ports: tcp(loggingPorts[other]) }));
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: loggingMetadata(part, settings),
    spec: {
      podSelector: { matchLabels: loggingLabels(part) },
      policyTypes: ["Ingress", "Egress"],
      ingress,
      egress: to.length === 0 ? [] : [askNames, ...reached],
    },
  };
}

/** Elasticsearch is reached by those who write and read, and reaches nobody. */
export function elasticsearchTraffic(settings: Settings): NetworkPolicy {
  return policy(
    "elasticsearch",
    settings,
    ["filebeat", ...(settings.logging.kibana.enabled ? (["kibana"] as const) : []), ...(needsSetup(settings) ? (["setup"] as const) : [])],
    [],
  );
}

/** Nobody asks Filebeat but the kubelet, which comes from the node. */
export function filebeatTraffic(settings: Settings): NetworkPolicy {
  return policy("filebeat", settings, [], ["elasticsearch"]);
}

/** People reach Kibana by `kubectl port-forward`, which comes from the node. */
export function kibanaTraffic(settings: Settings): NetworkPolicy {
  return policy("kibana", settings, needsSetup(settings) ? ["setup"] : [], ["elasticsearch"]);
}

export function loggingSetupTraffic(settings: Settings): NetworkPolicy {
  return policy("setup", settings, [], ["elasticsearch", ...(settings.logging.kibana.enabled ? (["kibana"] as const) : [])]);
}

/** Whatever else would be in Filebeat's namespace may connect to nothing, and nothing to it. */
export function logsDefaultDeny({ namespace }: Settings): NetworkPolicy {
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: objectMetadata({ name: "zeromq-logs-default-deny", namespace: logsNamespace(namespace) }),
    spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"], ingress: [], egress: [] },
  };
}
