import { z } from "zod";
import { isAddressRange } from "./addressRange.ts";
import { about, dictionary, group, oneOf, text } from "./values.ts";

// Kubernetes' qualified name: up to 63 characters, with a domain's name before a slash if need be.
const annotation = /^((?=[^/]{1,253}\/)[a-z\d]([-a-z\d]*[a-z\d])?(\.[a-z\d]([-a-z\d]*[a-z\d])?)*\/)?(?=[^/]{1,63}$)[a-z\d]([-\w.]*[a-z\d])?$/i;

/** How clients outside of the cluster reach the active colour. */
export const frontend = group({
  serviceType: oneOf(["LoadBalancer", "ClusterIP", "NodePort"]).default("LoadBalancer").describe("How the frontend is published."),
  annotations: dictionary(annotation, "names such as example.com/name")
    .default({})
    .describe("Annotations of the public Service, for the cloud's load balancer."),
  sourceRanges: z
    .array(text(isAddressRange, "an address range such as 10.0.0.0/8"))
    .register(about, { allowed: "a list of address ranges" })
    .default([])
    .describe("Who may reach the load balancer; everybody where the list is empty. With network.clientNamespaces, none of the pods' own addresses."),
}).prefault({});
