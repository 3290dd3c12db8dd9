import { expect, test } from "vitest";
import { judge } from "../bench/targets.ts";
import type { Row, Target } from "../bench/targets.ts";

const row = (system: string, requestsPerSecond: number, p50Ms = 1): Row => ({ case: "c", system, requestsPerSecond, p50Ms, p99Ms: 0, cores: {} });
const target: Target = { name: "t", case: "c", of: "a", against: "b", figure: "requestsPerSecond", factor: 3 };

test("more requests are better, fewer milliseconds are better, and what was not measured has no verdict", () => {
  expect(judge([row("a", 30), row("b", 10)], [target])[0]).toMatchObject({ ratio: 3, met: true });
  expect(judge([row("a", 29), row("b", 10)], [target])[0]).toMatchObject({ met: false });
  const latency: Target = { ...target, figure: "p50Ms", factor: 0.5 };
  expect(judge([row("a", 0, 0.5), row("b", 0, 1)], [latency])[0]).toMatchObject({ ratio: 0.5, met: true });
  expect(judge([row("a", 0, 0.6), row("b", 0, 1)], [latency])[0]).toMatchObject({ met: false });
  expect(judge([row("a", 1)], [target])[0]).toMatchObject({ ratio: undefined, met: undefined });
});
