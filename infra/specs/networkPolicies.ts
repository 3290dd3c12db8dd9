import type { NetworkPolicy, NetworkPolicyEgressRule, NetworkPolicyIngressRule, NetworkPolicyPeer } from "kubernetes-types/networking/v1.js";
import { labels, names } from "../../services/contract/names.ts";
import { ports } from "../../services/contract/ports.ts";
import type { Settings } from "../settings.ts";
import { objectMetadata } from "./objectMetadata.ts";
import { workerLabels } from "./workerDeployment.ts";

const tcp = (...numbers: number[]) => numbers.map((port) => ({ protocol: "TCP", port }));
const app = (name: string): NetworkPolicyPeer => ({ podSelector: { matchLabels: { [labels.app]: name } } });
const brokers = app(names.brokerApp);
const client: NetworkPolicyPeer = { podSelector: { matchLabels: { [labels.client]: "true" } } };
const inNamespaces = (list: readonly string[]): NetworkPolicyPeer[] =>
  list.length === 0 ? [] : [{ namespaceSelector: { matchExpressions: [{ key: "kubernetes.io/metadata.name", operator: "In", values: [...list] }] } }];

/** Names are asked at an address that each cluster chooses for itself, and that may be a node's. */
const askNames: NetworkPolicyEgressRule = { ports: [{ protocol: "UDP", port: 53 }, ...tcp(53)] };
const askBrokers: NetworkPolicyEgressRule = { to: [brokers], ports: tcp(ports.frontend) };

/** What may connect to what: nothing, and then the few ways that the stack needs. Their names are the policies'. */
export function networkPolicies(settings: Settings): Record<string, NetworkPolicy> {
  const { workers } = settings;
  const policies = {
    "zeromq-default-deny": { podSelector: {}, ingress: [], egress: [] },
    "zeromq-broker": {
      podSelector: { matchLabels: { [labels.app]: names.brokerApp } },
      ingress: [reachFrontend(settings), { from: [app(names.workerApp)], ports: tcp(ports.backend) }, readMetrics(settings)],
      // Whoever runs our client in a broker's pod asks other brokers, too.
      egress: [askNames, askBrokers],
    },
    "zeromq-worker": {
      podSelector: { matchLabels: { [labels.app]: names.workerApp } },
      ingress: [readMetrics(settings)],
      egress: [askNames, { to: [brokers], ports: tcp(ports.backend) }],
    },
    "zeromq-switch": { podSelector: { matchLabels: { [labels.app]: names.switchApp } }, ingress: [], egress: [askNames, askBrokers] },
    "zeromq-client": { podSelector: client.podSelector!, ingress: [], egress: [askNames, askBrokers] },
    ...Object.fromEntries(
      workers
        .filter(({ egress }) => egress.length > 0)
        .map((worker) => [
          `zeromq-handler-${worker.service}`,
          {
            podSelector: { matchLabels: workerLabels(worker) },
            egress: worker.egress.map(({ to, ports }) => ({ to: [{ ipBlock: { cidr: to } }], ports: tcp(...ports) })),
          },
        ]),
    ),
  };
  return Object.fromEntries(Object.entries(policies).map(([name, rules]) => [name, policy(name, settings, rules)]));
}

interface Rules {
  readonly podSelector: NetworkPolicyPeer["podSelector"] & object;
  /** Nothing: the policy is about what its pods connect to, and no more. */
  readonly ingress?: NetworkPolicyIngressRule[];
  readonly egress: NetworkPolicyEgressRule[];
}

function policy(name: string, { namespace }: Settings, { podSelector, ingress, egress }: Rules): NetworkPolicy {
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: objectMetadata({ name, namespace }),
    spec: { podSelector, policyTypes: [...(ingress ? ["Ingress"] : []), "Egress"], ...(ingress && { ingress }), egress },
  };
}

/** Clients anywhere, unless their namespaces are listed; then who comes from outside does so from the listed addresses. */
function reachFrontend({ network, frontend }: Settings): NetworkPolicyIngressRule {
  if (network.clientNamespaces.length === 0) return { ports: tcp(ports.frontend) };
  const outside = frontend.serviceType === "ClusterIP" ? [] : frontend.sourceRanges.map((cidr) => ({ ipBlock: { cidr } }));
  return { from: [brokers, app(names.switchApp), client, ...inNamespaces(network.clientNamespaces), ...outside], ports: tcp(ports.frontend) };
}

function readMetrics({ network }: Settings): NetworkPolicyIngressRule {
  return { from: [app(names.prometheusApp), ...inNamespaces(network.metricsNamespaces)], ports: tcp(ports.metrics) };
}
