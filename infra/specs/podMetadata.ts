import { httpPaths, ports } from "../../services/contract/ports.ts";
import { readAtStart } from "./configMap.ts";
import { configAnnotation } from "./configVolume.ts";

/** Annotations of every pod: where Prometheus finds its metrics, and which configuration it started with. */
export function podAnnotations(configuration: string): Record<string, string> {
  return {
    "prometheus.io/scrape": "true",
    "prometheus.io/port": String(ports.metrics),
    "prometheus.io/path": httpPaths.metrics,
    ...configAnnotation(readAtStart(configuration)),
  };
}
