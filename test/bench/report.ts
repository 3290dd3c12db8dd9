import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Error as errorsOnly, logger, parse, View } from "vega";
import { compile } from "vega-lite";
import { judge } from "./targets.ts";
import type { Row } from "./targets.ts";

const folder = join(import.meta.dirname, "results");

export function rowText(row: Row): string {
  const cores = Object.entries(row.cores)
    .map(([name, used]) => `${name} ${used.toFixed(2)}${used >= 0.9 ? " (saturated)" : ""}`)
    .join(", ");
  const spread = row.spread === undefined ? "" : ` (${Math.round(row.spread[0])} to ${Math.round(row.spread[1])})`;
  const latency = row.p50Ms === 0 ? "" : `, p50 ${row.p50Ms.toFixed(3)} ms, p99 ${row.p99Ms.toFixed(3)} ms`;
  return `${row.case}: ${row.system}: ${Math.round(row.requestsPerSecond)} requests/s${spread}${latency}; cores: ${cores}${row.note === undefined ? "" : `; ${row.note}`}`;
}

export function verdicts(rows: readonly Row[]): string {
  const lines = judge(rows).map(({ target, ratio, met }) => {
    const goal = `${target.figure === "requestsPerSecond" ? "at least" : "at most"} ${target.factor} ×`;
    return `${met === undefined ? "not measured" : met ? "ok    " : "MISSED"}  ${ratio === undefined ? "" : `${ratio.toFixed(2)} ×`}  (${goal})  ${target.name}`;
  });
  return lines.join("\n");
}

/** Writes bench.json, bench.md and bench.svg. @returns the folder. */
export async function write(rows: readonly Row[]): Promise<string> {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "bench.json"), `${JSON.stringify({ rows, verdicts: judge(rows) }, undefined, 2)}\n`);
  const table = rows.map(({ case: name, system, requestsPerSecond, p50Ms, p99Ms, cores, note }) => {
    const used = Object.entries(cores)
      .map(([process, value]) => `${process} ${value.toFixed(2)}${value >= 0.9 ? " ●" : ""}`)
      .join(", ");
    return `| ${name} | ${system} | ${Math.round(requestsPerSecond)} | ${p50Ms === 0 ? "" : p50Ms.toFixed(3)} | ${p99Ms === 0 ? "" : p99Ms.toFixed(3)} | ${used} | ${note ?? ""} |`;
  });
  const head = "| case | system | requests/s | p50 ms | p99 ms | cores used (● saturated) | |\n|---|---|---|---|---|---|---|";
  writeFileSync(join(folder, "bench.md"), `${head}\n${table.join("\n")}\n\n\`\`\`\n${verdicts(rows)}\n\`\`\`\n`);
  writeFileSync(join(folder, "bench.svg"), await picture(rows));
  return folder;
}

/** Bars of the cases in which several systems did all they could, in the order of the run. */
async function picture(rows: readonly Row[]): Promise<string> {
  const compared = rows.filter((row) => row.p99Ms > 0 && rows.some((other) => other.case === row.case && other.system === "NATS"));
  const order = [...new Set(compared.map((row) => row.case))];
  const { spec } = compile(
    {
      $schema: "https://vega.github.io/schema/vega-lite/v6.json",
      title: "Requests a second, one machine, one run",
      data: { values: compared.map(({ case: name, system, requestsPerSecond }) => ({ case: name, system, requestsPerSecond: Math.round(requestsPerSecond) })) },
      facet: { field: "case", title: null, sort: order, header: { labelAnchor: "start", labelFontWeight: "bold" } },
      columns: 2,
      resolve: { scale: { x: "independent", y: "independent" } },
      spec: {
        width: 320,
        height: { step: 14 },
        layer: [
          { mark: "bar", encoding: { color: { field: "system", legend: null } } },
          { mark: { type: "text", align: "left", dx: 3, fontSize: 9 }, encoding: { text: { field: "requestsPerSecond", format: "," } } },
        ],
        encoding: {
          y: { field: "system", title: null, sort: null, axis: { labelLimit: 200 } },
          x: { field: "requestsPerSecond", type: "quantitative", title: null, axis: { tickCount: 4 } },
        },
      },
      config: { font: "sans-serif" },
    },
    { logger: logger(errorsOnly) },
  );
  return new View(parse(spec), { renderer: "none" }).toSVG();
}
