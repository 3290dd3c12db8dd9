import { curveProblems } from "./curve.ts";
import { monitoringProblems } from "./monitoringProblems.ts";
import { handlerProblems } from "./handlers.ts";
import { loggingProblems } from "./logging.ts";
import { networkProblems } from "./network.ts";
import type { Problem } from "./problems.ts";
import { resourceProblems } from "./resources.ts";
import type { Settings } from "./schema.ts";
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
        : [{
            key: `workers[${index}].workerTimeoutSeconds`,
            message: `${workerTimeoutSeconds} found; allowed: at most longestRequestSeconds, which is ${longestRequestSeconds}`,
          }],
    );
  },

  function variablesAreFree({ workers = [] }) {
    return workers.flatMap(({ env }, index) =>
      Object.keys(env)
        .filter((name) => reservedWorkerVariables.includes(name))
        .map((name) => ({ key: `workers[${index}].env.${name}`, message: "set by the program; other settings decide it" })),
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
    return [{
      key: "frontend.sourceRanges",
      message: `given for a ${frontend.serviceType}, which would ignore them; allowed: only with frontend.serviceType LoadBalancer`,
    }];
  },

  function smokeAsksAWorker({ smoke, workers = [] }) {
    if (smoke?.service === undefined || workers.some(({ service }) => service === smoke.service)) return [];
    return [{ key: "smoke.service", message: `"${smoke.service}" found; allowed: a service of workers: ${workers.map(({ service }) => service).join(" or ")}` }];
  },

  function loginIsWhole({ pushRegistry }) {
    if (!pushRegistry || !pushRegistry.username === !pushRegistry.password) return [];
    const missing = pushRegistry.username ? "password" : "username";
    return [{ key: `pushRegistry.${missing}`, message: "nothing found; allowed: username and password, or neither" }];
  },
];
