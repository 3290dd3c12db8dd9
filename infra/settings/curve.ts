import { z } from "zod";
import { isDevelopmentStack } from "./developmentStack.ts";
import type { Problem } from "./problems.ts";
import type { Settings } from "./schema.ts";
import { about, dnsLabel, flag, group, wholeNumber } from "./values.ts";

/** Under which name brokers admit the stack's own probes and Jobs. */
export const ownClient = "stack";

/** Encrypted connections between peers that know each other. */
export const curve = group({
  enabled: flag().default(true).describe("Whether connections are encrypted and peers need a key that is admitted. false only on dev and dev-…: plain text."),
  serverKey: wholeNumber(1, 1_000_000)
    .default(1)
    .describe("The number of the brokers' key pair that clients and workers use first; `npm run rotate` changes it."),
  otherServerKey: wholeNumber(1, 1_000_000)
    .optional()
    .describe("The number of a further pair that brokers have while keys are changed: the next one, or the last one."),
  restarts: wholeNumber(0, 1_000_000)
    .default(0)
    .describe("Raising it replaces the brokers one by one, which ends connections whose key was removed; `npm run clients -- remove NAME --now` does."),
}).prefault({});

const client = group({
  name: dnsLabel(40, { besides: new RegExp(`^${ownClient}$`), inWords: ownClient }).describe("Who has the key; logs show it."),
  services: z
    .array(dnsLabel(40))
    .min(1)
    .register(about, { allowed: "a list of at least one service" })
    .optional()
    .describe("The services that the key is for; all where it is not given."),
});

/** One entry a client: each gets a key pair of its own. */
export const clients = z.array(client).register(about, { allowed: "a list of clients" }).default([]);

/** What the settings of keys may get wrong together. */
export function curveProblems({ curve, clients = [], workers }: Partial<Settings>, stack: string): Problem[] {
  const served = workers?.map(({ service }) => service);
  return [
    ...(curve?.enabled === false && !isDevelopmentStack(stack)
      ? [{ key: "curve.enabled", message: `false found on stack ${stack}; allowed: true, but on dev and dev-…` }]
      : []),
    ...(curve !== undefined && curve.otherServerKey === curve.serverKey
      ? [{ key: "curve.otherServerKey", message: `${curve.otherServerKey} found; allowed: another number than curve.serverKey` }]
      : []),
    ...clients.flatMap(({ name, services = [] }, index) => [
      ...(clients.findIndex((other) => other.name === name) === index
        ? []
        : [{ key: `clients[${index}].name`, message: `"${name}" found a second time; allowed: a name of its own` }]),
      ...services.flatMap((service, place) =>
        served === undefined || served.includes(service)
          ? []
          : [{ key: `clients[${index}].services[${place}]`, message: `"${service}" found; allowed: a service of workers: ${served.join(" or ")}` }],
      ),
    ]),
  ];
}
