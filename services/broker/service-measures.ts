import { longestServiceLabel, otherServices, outcomes, queueStates, serviceMetrics } from "../contract/metrics.ts";
import type { Outcome } from "../contract/metrics.ts";
import { heading, seriesOf } from "../process/series.ts";
import type { Service } from "./state.ts";
import { loadOf } from "./status.ts";

type Services = ReadonlyMap<string, Service>;

/** What is counted and shown for each service. */
export interface ServiceMeasures {
  /** A worker serves it: it gets series of its own, if there is room. */
  served(service: string, known: Services): void;
  ended(outcome: Outcome, service: string, milliseconds: number): void;
  redelivered(service: string): void;
  /** All series in Prometheus' text format. */
  text(known: Services, nowMs: number): string;
}

/** One value of the label `service`. */
interface Row {
  readonly ended: Record<Outcome, number>;
  replySeconds: number;
  redelivered: number;
  waiting: number;
  held: number;
  bytes: number;
  oldestMs: number;
  unserved: number;
  workers: number;
  credit: number;
  /** The lines of each metric, without their values. */
  readonly series: Readonly<Record<Key, readonly string[]>>;
}

type Key = keyof typeof serviceMetrics;

const values: Record<Key, (row: Row) => readonly number[]> = {
  queueLength: (row) => queueStates.map((state) => row[state]),
  queueBytes: (row) => [row.bytes],
  oldestRequest: (row) => [row.oldestMs / 1000],
  unserved: (row) => [row.unserved],
  workers: (row) => [row.workers],
  credit: (row) => [row.credit],
  requestsEnded: (row) => outcomes.map((outcome) => row.ended[outcome]),
  replySeconds: (row) => [row.replySeconds],
  redeliveries: (row) => [row.redelivered],
};
/** What tells a service's series of one metric apart, in the order of their values. */
const labels: Partial<Record<Key, readonly Record<string, string>[]>> = {
  queueLength: queueStates.map((state) => ({ state })),
  requestsEnded: outcomes.map((outcome) => ({ outcome })),
};
const keys = Object.keys(values) as Key[];
const headings = keys.map((key) => heading(serviceMetrics[key]));

export function createServiceMeasures(maxLabels: number, defaults: Record<string, string>): ServiceMeasures {
  /** The service that got a worker most recently comes last. */
  const own = new Map<string, Row>();
  const others = createRow(otherServices, defaults);
  const rowOf = (service: string): Row => own.get(service) ?? others;

  const makeRoom = (known: Services): boolean => {
    if (own.size < maxLabels) return true;
    for (const name of own.keys()) if (!known.has(name)) return own.delete(name);
    return false;
  };

  return {
    served(service, known) {
      const row = own.get(service);
      if (row !== undefined) {
        own.delete(service);
        own.set(service, row);
      } else if (service !== otherServices && service.length <= longestServiceLabel && makeRoom(known)) {
        own.set(service, createRow(service, defaults));
      }
    },
    ended(outcome, service, milliseconds) {
      const row = rowOf(service);
      row.ended[outcome] += 1;
      if (outcome === "replied") row.replySeconds += milliseconds / 1000;
    },
    redelivered(service) {
      rowOf(service).redelivered += 1;
    },
    text(known, nowMs) {
      const rows = [...own.values(), others];
      for (const row of rows) row.waiting = row.held = row.bytes = row.oldestMs = row.unserved = row.workers = row.credit = 0;
      for (const service of known.values()) addLoad(rowOf(service.name), service, nowMs);
      let text = "";
      keys.forEach((key, place) => {
        text += headings[place];
        for (const row of rows) {
          const numbers = values[key](row);
          const series = row.series[key];
          for (let one = 0; one < series.length; one += 1) text += `${series[one]}${numbers[one]}\n`;
        }
      });
      return text;
    },
  };
}

function addLoad(row: Row, service: Service, nowMs: number): void {
  const load = loadOf(service, nowMs);
  row.waiting += load.waiting;
  row.held += load.held;
  row.bytes += load.bytes;
  row.workers += load.workers;
  row.credit += load.credit;
  row.oldestMs = Math.max(row.oldestMs, load.oldestMs);
  if (load.workers === 0) row.unserved += load.waiting;
}

function createRow(service: string, defaults: Record<string, string>): Row {
  const series = {} as Record<Key, readonly string[]>;
  for (const key of keys) series[key] = (labels[key] ?? [{}]).map((own) => seriesOf(serviceMetrics[key], { ...own, service, ...defaults }));
  const ended = Object.fromEntries(outcomes.map((outcome) => [outcome, 0])) as Row["ended"];
  return { ended, replySeconds: 0, redelivered: 0, waiting: 0, held: 0, bytes: 0, oldestMs: 0, unserved: 0, workers: 0, credit: 0, series };
}
