import type { Problem } from "./problems.ts";
import { resourceProblems } from "./resources.ts";
import type { Settings } from "./schema.ts";

/** What is wrong with the settings of what looks at the stack, each right in itself. */
export function monitoringProblems({ prometheus, alerting, grafana, autoscaling }: Partial<Settings>): Problem[] {
  const dependents = { alerting, grafana, autoscaling };
  const alone = Object.entries(dependents)
    .filter(([, part]) => part?.enabled && prometheus && !prometheus.enabled)
    .map(([key]) => ({ key: `${key}.enabled`, message: "true found; allowed: only with prometheus.enabled" }));
  const shares = Object.entries({ prometheus, alerting, grafana }).flatMap(([key, part]) => (part ? resourceProblems(`${key}.resources`, part.resources) : []));
  const { email } = alerting ?? {};
  const half = email && !email.username !== !email.password ? (email.username ? "password" : "username") : undefined;
  const login = half === undefined ? [] : [{ key: `alerting.email.${half}`, message: "nothing found; allowed: username and password, or neither" }];
  return [...alone, ...shares, ...login, ...(autoscaling ? scalingProblems(autoscaling) : [])];
}

function scalingProblems(autoscaling: Settings["autoscaling"]): Problem[] {
  const { minReplicas, maxReplicas } = autoscaling;
  const bounds =
    minReplicas > maxReplicas
      ? [{ key: "autoscaling.minReplicas", message: `${minReplicas} found; allowed: at most maxReplicas, which is ${maxReplicas}` }]
      : [];
  const shares = (["metricsServer", "prometheusAdapter"] as const).flatMap((part) =>
    resourceProblems(`autoscaling.${part}.resources`, autoscaling[part].resources),
  );
  return [...bounds, ...shares];
}
