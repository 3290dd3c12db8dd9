import { z } from "zod";
import { about, dictionary, group, oneOf, text } from "./values.ts";

/** How clients outside of the cluster reach the active colour. */
export const frontend = group({
  serviceType: oneOf(["LoadBalancer", "ClusterIP", "NodePort"])
    .default("LoadBalancer")
    .describe("How the frontend is published."),
  annotations: dictionary(/^[\w./-]+$/)
    .default({})
    .describe("Annotations of the public Service, for the cloud's load balancer."),
  sourceRanges: z
    .array(text(/^[0-9a-fA-F.:]+\/\d{1,3}$/, "an address range such as 10.0.0.0/8"))
    .register(about, { allowed: "a list of address ranges" })
    .default([])
    .describe("Who may reach the load balancer; everybody where the list is empty."),
}).prefault({});
