import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from "prom-client";
import type { Metric } from "../contract/metrics.ts";

type Instrument<M extends Metric> = M["type"] extends "counter" ? Counter : M["type"] extends "gauge" ? Gauge : Histogram;
export type Instruments<M extends Record<string, Metric>> = { readonly [K in keyof M]: Instrument<M[K]> };

/** These look at each open file or socket at every scrape: at 20,000 connections that holds the event loop for many milliseconds. */
const costly = ["process_open_fds", "nodejs_active_handles", "nodejs_active_requests", "nodejs_active_resources"];

/** A registry with the metrics of a Node process in it; `labels` stand on every series. */
export function createRegistry(labels: Record<string, string> = {}): Registry {
  const registry = new Registry();
  registry.setDefaultLabels(labels);
  collectDefaultMetrics({ register: registry });
  for (const name of costly) for (const metric of [name, `${name}_total`]) registry.removeSingleMetric(metric);
  return registry;
}

/**
 * One prom-client object for each metric of the contract. A gauge or counter with a `pull` is brought up to date by it at
 * every scrape, so that it never shows what was true a while ago.
 */
export function createInstruments<M extends Record<string, Metric>>(
  metrics: M,
  registry: Registry,
  pull: { readonly [K in keyof M]?: (instrument: Instrument<M[K]>) => void } = {},
): Instruments<M> {
  const instruments = Object.entries(metrics).map(([key, metric]) => [
    key,
    createInstrument(metric, registry, pull[key] as ((instrument: Counter | Gauge | Histogram) => void) | undefined),
  ]);
  return Object.fromEntries(instruments) as Instruments<M>;
}

function createInstrument(metric: Metric, registry: Registry, pull?: (instrument: Counter | Gauge | Histogram) => void): Counter | Gauge | Histogram {
  const { name, type, help, labels, buckets } = metric;
  const options = { name, help, labelNames: [...labels], registers: [registry] };
  switch (type) {
    case "counter":
      return new Counter({
        ...options,
        collect() {
          pull?.(this);
        },
      });
    case "gauge":
      return new Gauge({
        ...options,
        collect() {
          pull?.(this);
        },
      });
    case "histogram":
      return new Histogram(buckets === undefined ? options : { ...options, buckets: [...buckets] });
  }
}
