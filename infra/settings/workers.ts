import { z } from "zod";
import { environment } from "../../services/contract/environment.ts";
import { longestRequestLimit } from "../specs/gracePeriods.ts";
import { egress } from "./network.ts";
import { pinnedForm } from "./repository.ts";
import { resources } from "./resources.ts";
import { about, dictionary, dnsLabel, group, seconds, text, wholeNumber } from "./values.ts";

const variableName = /^[A-Za-z_][A-Za-z0-9_]*$/;
const objectName = /^(?=.{1,253}$)[a-z\d]([-a-z\d]*[a-z\d])?(\.[a-z\d]([-a-z\d]*[a-z\d])?)*$/;

/** A variable whose value is a key of a Secret that somebody else keeps in the stack's namespace. */
const secretVariable = group({
  name: text(variableName, "a name of letters, digits and underscores").describe("The environment variable."),
  secret: text(objectName, "the name of a Secret").describe("The Secret, in the stack's namespace; its pods wait until it is there."),
  key: text(/^[-._a-zA-Z0-9]{1,253}$/, "a Secret's key").describe("Its key."),
});

// Secret as a whole, since its variables are: text that is no entry may hold them.
const worker = group(
  {
    service: dnsLabel(40).describe("The service that clients ask for."),
    handler: text(/^\S{1,200}$/, "the name of a shipped handler, or a path in the image")
      .optional()
      .describe("The module that answers; the one named like the service where it is not given."),
    image: text(pinnedForm, "a version or repository pinned by digest (1.4.0@sha256:<64 hexadecimal digits>)")
      .optional()
      .describe("The image of this service's workers, such as one of your own with its handler; images.worker where it is not given."),
    replicas: wholeNumber(0, 1000).default(5).describe("Workers of this service, where autoscaling does not decide it."),
    min: wholeNumber(1, 1000)
      .optional()
      .describe("Workers of this service at least, where their number follows the load; autoscaling.minReplicas where it is not given."),
    max: wholeNumber(1, 1000).optional().describe("Workers of this service at most; autoscaling.maxReplicas where it is not given."),
    concurrency: wholeNumber(...environment.workerConcurrency.range)
      .optional()
      .describe(
        `Requests that one worker handles at once; ${environment.workerConcurrency.default} where it is not given. More than one helps handlers that wait.`,
      ),
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
    env: dictionary(variableName, "names of letters, digits and underscores", { secret: true })
      .default({})
      .describe("Further environment variables of the handler; not for secrets."),
    secrets: z
      .array(secretVariable)
      .register(about, { allowed: "a list of objects with name, secret, key" })
      .default([])
      .describe("Environment variables of the handler whose values are in Secrets."),
  },
  { secret: true },
);

/** One entry a service. The order counts: the first is the Deployment with the plain name. */
export const workers = z
  .array(worker)
  .min(1)
  .register(about, { allowed: "a list of at least one worker service", secret: true })
  .prefault([{ service: environment.service.default }]);

/** Between which numbers a service's workers are, where their number follows the load. */
export function workerBounds(
  { autoscaling }: { readonly autoscaling: { readonly minReplicas: number; readonly maxReplicas: number } },
  { min, max }: Pick<WorkerSettings, "min" | "max">,
) {
  return { minReplicas: min ?? autoscaling.minReplicas, maxReplicas: max ?? autoscaling.maxReplicas };
}

export type WorkerSettings = z.output<typeof worker>;
