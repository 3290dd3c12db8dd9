import { environment, type Variable } from "../../services/contract/environment.ts";
import { group, seconds, wholeNumber } from "./values.ts";

type Bound = Variable & { readonly range: readonly [number, number]; readonly default: string };

const count = (variable: Bound, what: string) =>
  wholeNumber(...variable.range)
    .default(Number(variable.default))
    .describe(what);
const time = (variable: Bound, what: string) =>
  seconds(...variable.range)
    .default(Number(variable.default))
    .describe(what);

/** What one broker holds at most, by the variable of its process; what is beyond is refused as busy, by name, and counted. */
export const brokerBounds = group({
  maxQueuedBytes: count(environment.maxQueuedBytes, "Bytes of all requests waiting or with a worker, 450 more for each counted in."),
  maxRequestsPerService: count(environment.maxRequestsPerService, "Requests of one service."),
  maxBytesPerService: count(environment.maxBytesPerService, "Bytes of one service's requests."),
  maxRequestsPerClient: count(environment.maxRequestsPerClient, "Requests of one client: its share."),
  maxBytesPerClient: count(environment.maxBytesPerClient, "Bytes of one client's requests."),
  maxServices: count(environment.maxServices, "Names of services known at once."),
  maxServiceLabels: count(environment.maxServiceLabels, "Services with series of their own among the metrics; further ones are counted together."),
  maxWorkers: count(environment.maxWorkers, "Workers connected at once."),
  maxClients: count(environment.maxClients, "Clients connected at once."),
  maxMessageBytes: count(environment.maxMessageBytes, "Bytes of a request or a reply."),
  dedupeMaxReplies: count(environment.dedupeMaxReplies, "Ended requests that a client's retry is answered from."),
  dedupeMaxBytes: count(environment.dedupeMaxBytes, "Bytes of these."),
  dedupeSeconds: time(environment.dedupeSeconds, "Seconds for which they are kept."),
  clientGraceSeconds: time(environment.clientGraceSeconds, "Seconds that a client may be away before its requests are dropped."),
}).prefault({});

/** Their variables. */
export const boundVariables = Object.fromEntries(
  Object.keys(brokerBounds.unwrap().shape).map((key) => [key, environment[key as keyof typeof environment].name]),
);
