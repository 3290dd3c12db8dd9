/** `npm run simulate`: histories by seed; the first that breaks an invariant is printed and ends it with 1. */
import { parseArgs } from "node:util";
import { weathers } from "./result.ts";
import type { Weather } from "./result.ts";
import { simulateSwitch } from "./simulate-switch.ts";
import { simulate } from "./simulate.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "2000" },
    from: { type: "string", default: "1" },
    weather: { type: "string" },
    fair: { type: "boolean", default: false },
  },
});
const from = Number(values.from);
const seeds = Number(values.seeds);
const weather = (values.weather ?? (values.fair ? "fair" : "bad")) as Weather;
if (!Number.isInteger(from) || !Number.isInteger(seeds) || seeds < 1 || !weathers.includes(weather)) {
  console.error(`npm run simulate -- [--from SEED] [--seeds COUNT] [--weather ${weathers.join(" | ")}] [--fair]: seed and count are whole numbers`);
  process.exit(2);
}
const startedAtMs = performance.now();
/** What became of requests, by scenario. */
const table: Record<string, Record<string, number>> = {};
let simulatedMs = 0;
for (let seed = from; seed < from + seeds; seed += 1) {
  try {
    const { scenario, requests, replies, repeated, errors, milliseconds } =
      weather === "bad" || weather === "fair" ? simulate(seed, weather) : simulateSwitch(seed, weather);
    const row = (table[scenario] ??= {});
    for (const [name, count] of Object.entries({ histories: 1, requests, replies, "runs beyond the first": repeated, ...errors }))
      row[name] = (row[name] ?? 0) + count;
    simulatedMs += milliseconds;
  } catch (error) {
    console.error((error as Error).message);
    if (process.env["DEBUG"]) console.error(error);
    console.error(`after ${seed - from + 1} seeds`);
    process.exit(1);
  }
}
const hours = (simulatedMs / 3_600_000).toFixed(1);
const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(1);
console.log(`${seeds} seeds from ${from}, weather ${weather}, no invariant broken: ${hours} simulated hours in ${seconds} s`);
for (const [scenario, row] of Object.entries(table).sort()) {
  console.log(`${scenario}:`);
  for (const [name, count] of Object.entries(row)) console.log(`  ${String(count).padStart(8)} ${name}`);
}
