import { z } from "zod";
import { isAddressRange } from "./addressRange.ts";
import type { Problem } from "./problems.ts";
import type { Settings } from "./schema.ts";
import { about, dnsLabel, flag, group, text, wholeNumber } from "./values.ts";

const namespaces = () => z.array(dnsLabel(63)).register(about, { allowed: "a list of namespaces" }).default([]);

/** Who may open connections to what. */
export const network = group({
  policies: flag()
    .default(true)
    .describe("Whether NetworkPolicies deny what the stack does not need. A cluster whose network does not know them ignores them."),
  clientNamespaces: namespaces().describe("Namespaces whose pods may reach the brokers' frontend; everybody where the list is empty."),
  metricsNamespaces: namespaces().describe("Namespaces, besides the stack's own Prometheus, whose pods may read metrics."),
}).prefault({});

/** Where the pods of a worker service may connect to, besides the brokers. */
export const egress = z
  .array(
    group({
      to: text(isAddressRange, "an address range such as 10.0.0.0/8").describe("The addresses that the handler may connect to."),
      ports: z.array(wholeNumber(1, 65_535)).min(1).register(about, { allowed: "a list of at least one TCP port" }).describe("The TCP ports there."),
    }),
  )
  .register(about, { allowed: "a list of objects with to, ports" })
  .default([]);

/** A list of namespaces would be no limit where the frontend is open to every address. */
export function networkProblems({ network, frontend }: Partial<Settings>): Problem[] {
  if (!network || !frontend || network.clientNamespaces.length === 0) return [];
  if (frontend.serviceType === "ClusterIP" || frontend.sourceRanges.length > 0) return [];
  return [
    {
      key: "network.clientNamespaces",
      message: `given for a frontend that every address may reach; allowed: with frontend.sourceRanges, or frontend.serviceType ClusterIP`,
    },
  ];
}
