import type { Service, ServicePort } from "kubernetes-types/core/v1.js";
import { type Color, labels, names, otherColor, portNames } from "../../services/contract/names.ts";
import { ports } from "../../services/contract/ports.ts";
import type { Settings } from "../settings.ts";
import { brokerLabels } from "./brokerDeployment.ts";
import { objectMetadata } from "./objectMetadata.ts";

const frontendPort: ServicePort = { name: portNames.frontend, port: ports.frontend, targetPort: portNames.frontend };
const backendPort: ServicePort = { name: portNames.backend, port: ports.backend, targetPort: portNames.backend };

/** Where clients in the cluster reach the active colour. */
export function brokerService({ namespace, activeColor }: Settings): Service {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: objectMetadata({ name: names.brokerService, namespace, labels: { [labels.app]: names.brokerApp } }),
    spec: { type: "ClusterIP", selector: brokerLabels(activeColor), ports: [frontendPort] },
  };
}

/** Where clients outside reach the active colour: the frontend and nothing else. */
export function publicService({ namespace, activeColor, frontend, network }: Settings): Service {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: objectMetadata({
      name: names.publicService,
      namespace,
      labels: { [labels.app]: names.brokerApp },
      annotations: frontend.annotations,
    }),
    spec: {
      type: frontend.serviceType,
      selector: brokerLabels(activeColor),
      ports: [frontendPort],
      ...(frontend.sourceRanges.length > 0 && { loadBalancerSourceRanges: frontend.sourceRanges }),
      // Else kube-proxy puts a node's address in the client's place, and the policy refuses it.
      ...(frontend.serviceType === "LoadBalancer" && network.policies && network.clientNamespaces.length > 0 && { externalTrafficPolicy: "Local" }),
    },
  };
}

/** Where one tries the colour that is not active. Not waited for: that colour may have no broker. */
export function previewService({ namespace, activeColor }: Settings): Service {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: objectMetadata({
      name: names.previewService,
      namespace,
      labels: { [labels.app]: names.brokerApp },
      annotations: { "pulumi.com/skipAwait": "true" },
    }),
    spec: { type: "ClusterIP", selector: brokerLabels(otherColor(activeColor)), ports: [frontendPort] },
  };
}

/** Where each ready broker of a colour is found, whichever colour is active: a switch looks at all of them. */
export function colorService({ namespace }: Settings, color: Color): Service {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: objectMetadata({ name: names.colorService(color), namespace, labels: brokerLabels(color) }),
    spec: { clusterIP: "None", selector: brokerLabels(color), ports: [frontendPort] },
  };
}

/** Where workers find every broker of both colours, those too that clients must not reach yet or any more. */
export function headlessService({ namespace }: Settings): Service {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: objectMetadata({ name: names.headlessService, namespace, labels: { [labels.app]: names.brokerApp } }),
    spec: {
      clusterIP: "None",
      publishNotReadyAddresses: true,
      selector: { [labels.app]: names.brokerApp },
      ports: [frontendPort, backendPort],
    },
  };
}
