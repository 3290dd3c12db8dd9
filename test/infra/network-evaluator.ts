/** Reads NetworkPolicies as the API's documentation says, and knows nothing of how they were made. */

export interface Place {
  readonly name: string;
  /** Nothing: outside of the cluster. */
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly address: string;
}

export interface Port {
  readonly protocol: "TCP" | "UDP";
  readonly port: number;
}

interface Selector {
  matchLabels?: Record<string, string>;
  matchExpressions?: { key: string; operator: string; values?: string[] }[];
}
interface Peer {
  podSelector?: Selector;
  namespaceSelector?: Selector;
  ipBlock?: { cidr: string; except?: string[] };
}
interface Rule {
  from?: Peer[];
  to?: Peer[];
  ports?: { protocol?: string; port?: number | string; endPort?: number }[];
}
export interface Policy {
  metadata: { namespace: string };
  spec: { podSelector: Selector; policyTypes: string[]; ingress?: Rule[]; egress?: Rule[] };
}

/** Whether a connection comes about: what it leaves must let it out, and what it reaches must let it in. */
export function connects(policies: readonly Policy[], from: Place, to: Place, port: Port): boolean {
  return passes(policies, "Egress", from, to, port) && passes(policies, "Ingress", to, from, port);
}

function passes(policies: readonly Policy[], direction: "Ingress" | "Egress", pod: Place, other: Place, port: Port): boolean {
  if (pod.namespace === undefined) return true; // nobody selects what is no pod
  const about = policies.filter(
    ({ metadata, spec }) => metadata.namespace === pod.namespace && spec.policyTypes.includes(direction) && selects(spec.podSelector, pod.labels ?? {}),
  );
  if (about.length === 0) return true;
  return about.some(({ metadata, spec }) => {
    const rules = (direction === "Ingress" ? spec.ingress : spec.egress) ?? [];
    return rules.some((rule) => {
      const peers = direction === "Ingress" ? rule.from : rule.to;
      const isPeer = peers === undefined || peers.length === 0 || peers.some((peer) => matches(peer, metadata.namespace, other));
      return isPeer && (rule.ports === undefined || rule.ports.length === 0 || rule.ports.some((one) => opens(one, port)));
    });
  });
}

function matches({ podSelector, namespaceSelector, ipBlock }: Peer, own: string, place: Place): boolean {
  if (ipBlock !== undefined) {
    if (podSelector !== undefined || namespaceSelector !== undefined) throw new Error("ipBlock stands alone");
    return inside(place.address, ipBlock.cidr) && !(ipBlock.except ?? []).some((cidr) => inside(place.address, cidr));
  }
  if (place.namespace === undefined) return false;
  const inNamespace =
    namespaceSelector === undefined ? place.namespace === own : selects(namespaceSelector, { "kubernetes.io/metadata.name": place.namespace });
  return inNamespace && (podSelector === undefined || selects(podSelector, place.labels ?? {}));
}

function selects({ matchLabels = {}, matchExpressions = [] }: Selector, labels: Readonly<Record<string, string>>): boolean {
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      const value = labels[key];
      if (operator === "In") return value !== undefined && values.includes(value);
      if (operator === "NotIn") return value === undefined || !values.includes(value);
      if (operator === "Exists") return value !== undefined;
      if (operator === "DoesNotExist") return value === undefined;
      throw new Error(`unknown operator ${operator}`);
    })
  );
}

function opens({ protocol = "TCP", port, endPort }: NonNullable<Rule["ports"]>[number], asked: Port): boolean {
  if (typeof port === "string") throw new Error("a port's name means another number on each pod: not read here");
  if (protocol !== asked.protocol) return false;
  return port === undefined || (endPort === undefined ? port === asked.port : asked.port >= port && asked.port <= endPort);
}

function inside(address: string, cidr: string): boolean {
  const [base, bits] = cidr.split("/") as [string, string];
  const number = (text: string) => text.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  const size = 2 ** (32 - Number(bits));
  return Math.floor(number(address) / size) === Math.floor(number(base) / size);
}
