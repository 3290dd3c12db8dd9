import { colors, labels, names, portNames } from "../../services/contract/names.ts";
import { ports } from "../../services/contract/ports.ts";
import { type Declared, isLogsNamespace, kindOf, podOf, type ResourceRule, type StackRule } from "./rules.ts";
import { plainSecrets } from "./secrets.ts";

const matches = (selector: Record<string, string>, labelled: Record<string, string>): boolean =>
  Object.entries(selector).every(([key, value]) => labelled[key] === value);
const deployments = (resources: readonly Declared[]): Declared[] => resources.filter((resource) => kindOf(resource) === "Deployment");

export const objectRules: readonly ResourceRule[] = [
  {
    name: "public-services",
    description: "Only the frontend can be reached from outside of the cluster.",
    check(resource) {
      if (kindOf(resource) !== "Service") return [];
      const { type = "ClusterIP", ports: open = [], externalIPs = [] } = resource.props["spec"];
      if (["ClusterIP", "ExternalName"].includes(type) && externalIPs.length === 0) return [];
      if (resource.name !== names.publicService) return [`a ${type} Service must be ${names.publicService}`];
      return open.flatMap(({ port, targetPort }: { port: number; targetPort: unknown }) =>
        port === ports.frontend && [portNames.frontend, ports.frontend].includes(targetPort as never) ? [] : [`port ${port} must not be public`],
      );
    },
  },
  {
    name: "restricted-namespaces",
    description: "Namespaces admit no pod that is less than restricted; but Filebeat's, whose pods read files of their node.",
    check(resource) {
      if (kindOf(resource) !== "Namespace" || isLogsNamespace(resource.name)) return [];
      const level = resource.props["metadata"]?.labels?.["pod-security.kubernetes.io/enforce"];
      return level === "restricted" ? [] : ["the label pod-security.kubernetes.io/enforce must be restricted"];
    },
  },
];

export const stackRules: readonly StackRule[] = [
  plainSecrets,
  {
    name: "both-colors",
    description: "Brokers of both colours are declared, so that there is always a way back.",
    check(resources) {
      const present = deployments(resources).map(({ props }) => props["spec"].template.metadata.labels);
      return colors
        .filter((color) => !present.some((labelled) => matches({ [labels.app]: names.brokerApp, [labels.version]: color }, labelled)))
        .map((color) => `no Deployment of ${color} brokers is declared`);
    },
  },
  {
    name: "logs-namespaces",
    description: "A namespace that is less than restricted holds Filebeat, and nothing else that runs.",
    check(resources) {
      return resources
        .filter((resource) => podOf(resource) !== undefined && isLogsNamespace(resource.props["metadata"]?.namespace))
        .filter((resource) => kindOf(resource) !== "DaemonSet" || resource.name !== "filebeat")
        .map((resource) => `${resource.name} must not be in ${resource.props["metadata"].namespace}`);
    },
  },
  {
    name: "disruption-budgets",
    description: "Nodes that are emptied take the pods of a Deployment one after the other.",
    check(resources) {
      const budgets = resources.filter((resource) => kindOf(resource) === "PodDisruptionBudget");
      return deployments(resources)
        .filter(({ props }) => !budgets.some((budget) => matches(budget.props["spec"].selector.matchLabels, props["spec"].template.metadata.labels)))
        .map(({ name }) => `Deployment ${name} must have a PodDisruptionBudget`);
    },
  },
];
