import { isIPv4 } from "node:net";
import type { NetworkPolicy, NetworkPolicyEgressRule, NetworkPolicyIngressRule, NetworkPolicyPeer } from "kubernetes-types/networking/v1.js";
import { labels, names } from "../../services/contract/names.ts";
import { ports } from "../../services/contract/ports.ts";
import { metricsApiNames, monitoringPorts } from "../../monitoring/names.ts";
import type { Settings } from "../settings.ts";
import { monitoringLabels, monitoringMetadata, type Part } from "./monitoringPod.ts";

const tcp = (...numbers: number[]) => numbers.map((port) => ({ protocol: "TCP", port }));

/** Names are asked at an address that each cluster chooses for itself. */
const askNames: NetworkPolicyEgressRule = { ports: [{ protocol: "UDP", port: 53 }, ...tcp(53)] };

/** The API server has no pod to select; it listens on the one port or the other. */
const askApiServer: NetworkPolicyEgressRule = { ports: tcp(443, 6443) };

/** Of a Service, a network sees the pod's port, which only the Service's owner knows. */
const reachPods: NetworkPolicyEgressRule = { to: [{ namespaceSelector: {} }] };

const reach = (part: Part): NetworkPolicyEgressRule => ({ to: [{ podSelector: { matchLabels: monitoringLabels(part) } }], ports: tcp(monitoringPorts[part]) });

function policy(
  part: Part,
  settings: Settings,
  from: readonly Part[],
  egress: NetworkPolicyEgressRule[],
  others: readonly NetworkPolicyPeer[] = [],
): NetworkPolicy {
  const peers = [...from.map((other) => ({ podSelector: { matchLabels: monitoringLabels(other) } })), ...others];
  const ingress: NetworkPolicyIngressRule[] = peers.map((peer) => ({ from: [peer], ports: tcp(monitoringPorts[part]) }));
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: monitoringMetadata(part, settings),
    spec: { podSelector: { matchLabels: monitoringLabels(part) }, policyTypes: ["Ingress", "Egress"], ingress, egress },
  };
}

/** Prometheus asks the API server for pods, and pods for their metrics. */
export function prometheusTraffic(settings: Settings): NetworkPolicy {
  const ours: NetworkPolicyEgressRule = {
    to: [{ podSelector: { matchExpressions: [{ key: labels.app, operator: "In", values: [names.brokerApp, names.workerApp] }] } }],
    ports: tcp(ports.metrics),
  };
  const { alerting, grafana } = settings;
  const others = [...(alerting.enabled ? [reach("alertmanager")] : []), ...(grafana.enabled ? [reach("grafana")] : [])];
  return policy("prometheus", settings, grafana.enabled ? ["grafana"] : [], [askNames, askApiServer, ours, ...others], scalers(settings));
}

/** Who tells the autoscaler what Prometheus knows; an adapter that the cluster has is in a namespace of the settings. */
function scalers({ autoscaling, network }: Settings): NetworkPolicyPeer[] {
  if (!autoscaling.enabled) return [];
  if (autoscaling.prometheusAdapter.from === "stack") return [{ podSelector: { matchLabels: { [labels.app]: metricsApiNames.prometheusAdapter } } }];
  return network.metricsNamespaces.length === 0
    ? []
    : [{ namespaceSelector: { matchExpressions: [{ key: "kubernetes.io/metadata.name", operator: "In", values: [...network.metricsNamespaces] }] } }];
}

/** Alertmanager reaches its receivers' ports and, where one may be in the cluster, pods; nothing else. */
export function alertmanagerTraffic(settings: Settings): NetworkPolicy {
  const { webhook, deadMansSwitch, email } = settings.alerting;
  const addresses = [webhook, deadMansSwitch, email && `smtp://${email.server}`].filter((address) => address !== undefined).map((address) => new URL(address));
  const numbers = addresses.map(({ port, protocol }) => Number(port || (protocol === "https:" ? 443 : 80)));
  const receivers = numbers.length > 0 ? [{ ports: tcp(...new Set(numbers)) }] : [];
  return policy("alertmanager", settings, ["prometheus"], [askNames, ...receivers, ...(addresses.some(mayBeService) ? [reachPods] : [])]);
}

/** `example.com` may be a Service and its namespace, and an address a Service's: better a way too many than an alert too few. */
function mayBeService({ hostname }: URL): boolean {
  return isIPv4(hostname) || /^[^.]+(\.[^.]+)?$|\.svc(\.|$)/i.test(hostname);
}

/** Grafana asks Prometheus. People reach it by `kubectl port-forward`, which comes from the node. */
export function grafanaTraffic(settings: Settings): NetworkPolicy {
  return policy("grafana", settings, ["prometheus"], [askNames, reach("prometheus")]);
}
