import { environment } from "../../services/contract/environment.ts";
import { curveProblems } from "./curve.ts";
import { monitoringProblems } from "./monitoringProblems.ts";
import { handlerProblems } from "./handlers.ts";
import { worktree } from "./images.ts";
import { loggingProblems } from "./logging.ts";
import { networkProblems } from "./network.ts";
import type { Problem } from "./problems.ts";
import { resourceProblems } from "./resources.ts";
import type { Settings } from "./schema.ts";
import { workerBounds } from "./workers.ts";
import { allowedInstead, reservedWorkerVariables } from "./workerVariables.ts";

/** The settings that are right in themselves; a check whose operands are not among them says nothing. */
export type Sound = Partial<Settings>;
export type Check = (settings: Sound, stack: string) => Problem[];

/** What settings that are right one by one may get wrong together. */
export const crosschecks: readonly Check[] = [
  function servicesDiffer({ workers = [] }) {
    return workers.flatMap(({ service }, index) =>
      workers.findIndex((other) => other.service === service) === index
        ? []
        : [{ key: `workers[${index}].service`, message: `"${service}" found a second time; allowed: a name of its own` }],
    );
  },

  function workersEndInTime({ workers = [], longestRequestSeconds = Infinity }) {
    return workers.flatMap(({ workerTimeoutSeconds }, index) =>
      workerTimeoutSeconds <= longestRequestSeconds
        ? []
        : [
            {
              key: `workers[${index}].workerTimeoutSeconds`,
              message: `${workerTimeoutSeconds} found; allowed: at most longestRequestSeconds, which is ${longestRequestSeconds}`,
            },
          ],
    );
  },

  function variablesAreFree({ workers = [] }) {
    const reserved = (name: string) => reservedWorkerVariables.includes(name);
    const message = "set by the program; other settings decide it";
    return workers.flatMap(({ env, secrets }, index) => [
      ...Object.keys(env)
        .filter(reserved)
        .map((name) => ({ key: `workers[${index}].env.${name}`, message })),
      ...secrets.flatMap(({ name }, place) => (reserved(name) ? [{ key: `workers[${index}].secrets[${place}].name`, message }] : [])),
    ]);
  },

  function variablesDiffer({ workers = [] }) {
    return workers.flatMap(({ env, secrets, concurrency }, index) => [
      ...secrets.flatMap(({ name }, place) =>
        Object.hasOwn(env, name) || secrets.findIndex((other) => other.name === name) !== place
          ? [{ key: `workers[${index}].secrets[${place}].name`, message: `"${name}" found a second time; allowed: a name of its own` }]
          : [],
      ),
      ...(concurrency !== undefined && Object.hasOwn(env, environment.workerConcurrency.name)
        ? [{ key: `workers[${index}].env.${environment.workerConcurrency.name}`, message: `given besides workers[${index}].concurrency; allowed: one of them` }]
        : []),
    ]);
  },

  function builtForOneProcessor({ images, workers = [], build }) {
    if (!images || build?.platform !== "any") return [];
    const parts = ["blue", "green", ...(workers.every(({ image }) => image !== undefined) ? [] : ["worker"])] as ("blue" | "green" | "worker")[];
    return parts
      .filter((part) => images[part] === worktree)
      .map((part) => ({
        key: `images.${part}`,
        message: `"${worktree}" found, with build.platform any; allowed: an image pinned by digest, since what is built here is for one processor`,
      }));
  },

  function workersHaveRoom({ workers = [], autoscaling }) {
    if (autoscaling === undefined) return [];
    return workers.flatMap((worker, index) => {
      const { minReplicas, maxReplicas } = workerBounds({ autoscaling }, worker);
      if (minReplicas <= maxReplicas) return [];
      const [key, message] =
        worker.min === undefined
          ? ["max", `${maxReplicas} found; allowed: at least autoscaling.minReplicas, which is ${minReplicas}`]
          : ["min", `${minReplicas} found; allowed: at most the service's most, which is ${maxReplicas}`];
      // Where neither is given, the group's own numbers are wrong.
      return worker.min === undefined && worker.max === undefined ? [] : [{ key: `workers[${index}].${key}`, message }];
    });
  },

  function loginsDiffer({ pull }) {
    return (pull?.logins ?? []).flatMap(({ server }, index, all) =>
      all.findIndex((other) => other.server === server) === index
        ? []
        : [{ key: `pull.logins[${index}].server`, message: `"${server}" found a second time; allowed: a registry of its own` }],
    );
  },

  function variablesAreTaken({ workers = [] }) {
    return workers.flatMap(({ env }, index) =>
      Object.entries(env).flatMap(([name, value]) => {
        const allowed = allowedInstead(name, value);
        return allowed === undefined ? [] : [{ key: `workers[${index}].env.${name}`, message: `[secret] found; allowed: ${allowed}` }];
      }),
    );
  },

  handlerProblems,
  monitoringProblems,
  loggingProblems,

  curveProblems,

  networkProblems,

  function requestsFitIntoLimits({ broker, workers = [] }) {
    return [
      ...(broker ? resourceProblems("broker.resources", broker.resources) : []),
      ...workers.flatMap(({ resources }, index) => resourceProblems(`workers[${index}].resources`, resources)),
    ];
  },

  function sourceRangesHaveALoadBalancer({ frontend }) {
    if (!frontend || frontend.sourceRanges.length === 0 || frontend.serviceType === "LoadBalancer") return [];
    return [
      {
        key: "frontend.sourceRanges",
        message: `given for a ${frontend.serviceType}, which would ignore them; allowed: only with frontend.serviceType LoadBalancer`,
      },
    ];
  },

  function smokeAsksAWorker({ smoke, workers = [] }) {
    if (smoke?.service === undefined || workers.some(({ service }) => service === smoke.service)) return [];
    return [
      { key: "smoke.service", message: `"${smoke.service}" found; allowed: a service of workers: ${workers.map(({ service }) => service).join(" or ")}` },
    ];
  },

  function loginIsWhole({ pushRegistry }) {
    if (!pushRegistry || !pushRegistry.username === !pushRegistry.password) return [];
    const missing = pushRegistry.username ? "password" : "username";
    return [{ key: `pushRegistry.${missing}`, message: "nothing found; allowed: username and password, or neither" }];
  },
];
