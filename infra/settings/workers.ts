import { z } from "zod";
import { environment } from "../../services/contract/environment.ts";
import { longestRequestLimit } from "../specs/gracePeriods.ts";
import { egress } from "./network.ts";
import { resources } from "./resources.ts";
import { about, dictionary, dnsLabel, group, seconds, text, wholeNumber } from "./values.ts";

// Secret as a whole, since its variables are: text that is no entry may hold them.
const worker = group({
  service: dnsLabel(40).describe("The service that clients ask for."),
  handler: text(/^\S{1,200}$/, "the name of a shipped handler, or a path in the image")
    .optional()
    .describe("The module that answers; the one named like the service where it is not given."),
  replicas: wholeNumber(0, 1000).default(5).describe("Workers of this service, where autoscaling does not decide it."),
  minReplicas: wholeNumber(1, 1000).optional().describe("Workers of this service at least, in place of autoscaling.minReplicas."),
  maxReplicas: wholeNumber(1, 1000).optional().describe("Workers of this service at most, in place of autoscaling.maxReplicas."),
  workerTimeoutSeconds: seconds(0.1, longestRequestLimit)
    .default(Number(environment.workerTimeoutSeconds.default))
    .describe("Seconds that the handler may take for one request."),
  retryAttempts: wholeNumber(1, 100)
    .default(Number(environment.retryAttempts.default))
    .describe("How often a request is tried when its handler says that trying again may help."),
  resources: resources({
    requests: { cpu: "50m", memory: "64Mi" },
    limits: { cpu: "200m", memory: "256Mi" },
  }).describe("Processor time and memory of one worker."),
  egress: egress.describe("Where the handler may connect to, besides the brokers and the cluster's name server."),
  env: dictionary(/^[A-Za-z_][A-Za-z0-9_]*$/, "names of letters, digits and underscores", { secret: true })
    .default({})
    .describe("Further environment variables of the handler; not for secrets."),
}, { secret: true });

/** One entry a service. The order counts: the first is the Deployment with the plain name. */
export const workers = z
  .array(worker)
  .min(1)
  .register(about, { allowed: "a list of at least one worker service", secret: true })
  .prefault([{ service: environment.service.default }]);

export type WorkerSettings = z.output<typeof worker>;
