import { handlerProblems } from "./handlers.ts";
import { worktree } from "./images.ts";
import type { Problem } from "./problems.ts";
import { resourceProblems } from "./resources.ts";
import type { Settings } from "./schema.ts";
import { allowedInstead, reservedWorkerVariables } from "./workerVariables.ts";

/** The settings that are right in themselves; a check whose operands are not among them says nothing. */
type Sound = Partial<Settings>;
type Check = (settings: Sound, stack: string) => Problem[];

/** Stacks that may run what nobody released: `dev` and those named after it, such as `dev-alice`. */
export function isDevelopmentStack(stack: string): boolean {
  return /^dev(-|$)/.test(stack);
}

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

  function activeColorIsReleased({ images, activeColor }, stack) {
    if (!images || !activeColor || images[activeColor] !== worktree || isDevelopmentStack(stack)) return [];
    return [{
      key: `images.${activeColor}`,
      message: `"${worktree}" found on the active colour of stack ${stack}; allowed: an image pinned by digest, but on dev and dev-…`,
    }];
  },

  function ourImagesHaveARegistry({ images, activeColor, pushRegistry }) {
    if (!images || !activeColor || !pushRegistry || pushRegistry.server) return [];
    const homeless = (["worker", activeColor] as const).filter((part) => !images[part].includes("/"));
    if (homeless.length === 0) return [];
    const parts = homeless.map((part) => `images.${part}`).join(" and ");
    return [{
      key: "pushRegistry.server",
      message: `nothing found; needed for ${parts}; allowed: a registry's host, with a path if it has one`,
    }];
  },

  function loginIsWhole({ pushRegistry }) {
    if (!pushRegistry || !pushRegistry.username === !pushRegistry.password) return [];
    const missing = pushRegistry.username ? "password" : "username";
    return [{ key: `pushRegistry.${missing}`, message: "nothing found; allowed: username and password, or neither" }];
  },
];
