import type { Broker } from "./core.ts";
import type { ServerKeyUse } from "./server-keys.ts";
import type { Service } from "./state.ts";

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
  /** Connections of our clients, and of plain ones; who only asks for this status is not among them. */
  readonly connectedClients: { readonly ours: number; readonly plain: number };
  readonly workers: number;
  /** The CURVE keys that it has, and who is connected by which; none where connections are plain text. */
  readonly serverKeys: readonly ServerKeyUse[];
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

/** What is to be seen of one service now. */
export interface ServiceLoad {
  readonly waiting: number;
  readonly held: number;
  readonly bytes: number;
  readonly workers: number;
  readonly credit: number;
  readonly oldestMs: number;
}

export function loadOf({ queue, suspects, held, bytes, workers }: Service, nowMs: number): ServiceLoad {
  const oldest = Math.min(queue.first?.acceptedAtMs ?? nowMs, suspects.first?.acceptedAtMs ?? nowMs);
  let credit = 0;
  for (const worker of workers) credit += worker.credit;
  return { waiting: queue.length + suspects.length, held, bytes, workers: workers.size, credit, oldestMs: nowMs - oldest };
}

const mostServices = 100;

/** The services as `mmi.status` shows them. */
export function describeServices(core: Broker, nowMs: number): ServiceStatus[] {
  return [...core.services.values()]
    .map((service) => {
      const { waiting, held, workers, credit, oldestMs } = loadOf(service, nowMs);
      return { name: service.name, waiting, held, workers, credit, oldestSeconds: Math.round(oldestMs) / 1000 };
    })
    .sort((one, other) => other.waiting + other.held - one.waiting - one.held || (one.name < other.name ? -1 : 1))
    .slice(0, mostServices);
}
