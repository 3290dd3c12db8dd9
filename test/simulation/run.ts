/** `npm run simulate`: histories by seed; the first that breaks an invariant is printed and ends it with 1. */
import { parseArgs } from "node:util";
import { simulate } from "./simulate.ts";

const { values } = parseArgs({ options: { seeds: { type: "string", default: "2000" }, from: { type: "string", default: "1" }, fair: { type: "boolean", default: false } } });
const from = Number(values.from);
const seeds = Number(values.seeds);
if (!Number.isInteger(from) || !Number.isInteger(seeds) || seeds < 1) {
  console.error("npm run simulate -- [--from SEED] [--seeds COUNT] [--fair]: both are whole numbers");
  process.exit(2);
}
const startedAtMs = performance.now();
const sums = { requests: 0, replies: 0, repeated: 0, hours: 0 };
const errors: Record<string, number> = {};
for (let seed = from; seed < from + seeds; seed += 1) {
  try {
    const result = simulate(seed, values.fair ? "fair" : "bad");
    sums.requests += result.requests;
    sums.replies += result.replies;
    sums.repeated += result.repeated;
    sums.hours += result.milliseconds / 3_600_000;
    for (const [name, count] of Object.entries(result.errors)) errors[name] = (errors[name] ?? 0) + count;
  } catch (error) {
    console.error((error as Error).message);
    if (process.env["DEBUG"]) console.error(error);
    console.error(`after ${seed - from + 1} seeds`);
    process.exit(1);
  }
}
console.log(`${seeds} seeds from ${from}, no invariant broken: ${sums.requests} requests in ${sums.hours.toFixed(1)} simulated hours, ${sums.replies} replies, ${sums.repeated} runs beyond the first, ${((performance.now() - startedAtMs) / 1000).toFixed(1)} s`);
console.table(errors);
