import { monitoringPorts } from "../../monitoring/names.ts";
import { chosen, window } from "../../monitoring/dashboards/panel.ts";
import { forward } from "./forward.ts";
import type { TestStack } from "./stack.ts";

export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  /** Seconds since 1970, and the value as text. */
  readonly values: readonly (readonly [number, string])[];
}

export interface FiringAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly state: "pending" | "firing";
}

/** What Grafana puts in place of its own words, for somebody who looks at all services. */
export function asGrafanaAsks(query: string): string {
  return query.replaceAll(window, "1m").replaceAll(chosen, 'service=~".*"');
}

/** The stack's own Prometheus. */
export class Prometheus {
  readonly #stack: TestStack;

  constructor(stack: TestStack) {
    this.#stack = stack;
  }

  /** The series that a query has now, each with one value. */
  async now(query: string): Promise<Series[]> {
    const { result } = await this.#ask("query", { query });
    return result.map(({ metric, value }: { metric: Record<string, string>; value: [number, string] }) => ({ metric, values: [value] }));
  }

  /** The series that a query had between two times, in seconds since 1970. */
  async between(query: string, start: number, end: number, step: number): Promise<Series[]> {
    return (await this.#ask("query_range", { query, start: String(start), end: String(end), step: String(step) })).result;
  }

  async alerts(): Promise<FiringAlert[]> {
    return (await this.#ask("alerts", {})).alerts;
  }

  /** Every rule as Prometheus has it: how long it must be so, in seconds, and whether it could be evaluated. */
  async rules(): Promise<{ readonly name: string; readonly type: string; readonly duration?: number; readonly health: string; readonly lastError?: string }[]> {
    return (await this.#ask("rules", {})).groups.flatMap(({ rules }: { rules: object[] }) => rules);
  }

  async #ask(what: string, parameters: Record<string, string>): Promise<any> {
    const { url, close } = await forward(this.#stack, "prometheus-0", monitoringPorts.prometheus);
    try {
      const answer = (await (await fetch(`${url}/api/v1/${what}?${new URLSearchParams(parameters)}`)).json()) as {
        status: string;
        error?: string;
        data: unknown;
      };
      if (answer.status !== "success") throw new Error(`${what} ${JSON.stringify(parameters)}: ${answer.error}`);
      return answer.data;
    } finally {
      close();
    }
  }
}
