import type { Broker } from "./core.ts";

/** What `mmi.status` answers, as JSON. */
export interface Status {
  /** The program's version, and 16 hexadecimal digits that are new at each start. */
  readonly version: string;
  readonly instance: string;
  readonly color: string;
  readonly role: string;
  readonly uptimeSeconds: number;
  readonly connections: { readonly frontend: number; readonly backend: number };
  readonly waiting: number;
  readonly held: number;
  readonly bytes: number;
  readonly remembered: number;
  readonly clients: number;
  readonly workers: number;
  /** The services with the most to do first, at most so many as fit a screen or two. */
  readonly services: readonly ServiceStatus[];
  readonly servicesInAll: number;
}

interface ServiceStatus {
  readonly name: string;
  readonly waiting: number;
  readonly held: number;
  readonly workers: number;
  /** Requests that its workers would take at once. */
  readonly credit: number;
  /** Age of the request that waits longest; 0 where none does. */
  readonly oldestSeconds: number;
}

const mostServices = 100;

/** The services as `mmi.status` shows them. */
export function describeServices(core: Broker, nowMs: number): ServiceStatus[] {
  return [...core.services.values()]
    .map(({ name, queue, suspects, held, workers }) => {
      const oldest = Math.min(queue.first?.acceptedAtMs ?? nowMs, suspects.first?.acceptedAtMs ?? nowMs);
      let credit = 0;
      for (const worker of workers) credit += worker.credit;
      return { name, waiting: queue.length + suspects.length, held, workers: workers.size, credit, oldestSeconds: Math.round(nowMs - oldest) / 1000 };
    })
    .sort((one, other) => other.waiting + other.held - one.waiting - one.held || (one.name < other.name ? -1 : 1))
    .slice(0, mostServices);
}
