import type { Metric } from "../contract/metrics.ts";

const escapes: Record<string, string> = { "\\": "\\\\", '"': '\\"', "\n": "\\n" };

/** What begins a metric's lines in Prometheus' text format. */
export function heading({ name, help, type }: Metric): string {
  return `# HELP ${name} ${help.replace(/[\\\n]/g, (character) => escapes[character]!)}\n# TYPE ${name} ${type}\n`;
}

/**
 * What begins a series' line: all but its value. prom-client puts every series' labels together anew at each scrape, which for
 * thousands of series holds the event loop for milliseconds; who has that many keeps these texts.
 */
export function seriesOf({ name }: Metric, labels: Record<string, string>): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value.replace(/[\\"\n]/g, (character) => escapes[character]!)}"`);
  return `${name}{${pairs.join(",")}} `;
}
