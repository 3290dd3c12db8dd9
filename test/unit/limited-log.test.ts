import { expect, test } from "vitest";
import { createLimitedLog } from "../../services/process/limited-log.ts";
import type { Logger } from "../../services/process/log.ts";

const collecting = (lines: unknown[][]) => ({ warn: (...values: unknown[]) => void lines.push(values) }) as unknown as Logger;

test("a kind is told once in a while, with the number left out, and peers that make up kinds cannot fill the log", () => {
  const lines: unknown[][] = [];
  let nowMs = 0;
  const log = createLimitedLog(collecting(lines), () => nowMs);
  for (let count = 0; count < 10; count += 1) log.warn("a", { count }, "said");
  nowMs = 5_000;
  log.warn("a", { count: 10 }, "said");
  expect(lines).toEqual([
    [{ count: 0 }, "said"],
    [{ count: 10, suppressed: 9 }, "said"],
  ]);
  for (let kind = 0; kind < 10_000; kind += 1) log.warn(`kind ${kind}`, {}, "made up");
  expect(lines.length).toBeLessThan(30);
});

test("what is worth more than one line gets as many as are allowed", () => {
  const lines: unknown[][] = [];
  let nowMs = 0;
  const log = createLimitedLog(collecting(lines), () => nowMs, 3);
  for (let count = 0; count < 10; count += 1) log.warn("a", { count }, "said");
  nowMs = 5_000;
  for (let count = 10; count < 20; count += 1) log.warn("a", { count }, "said");
  expect(lines.map(([fields]) => fields)).toEqual([{ count: 0 }, { count: 1 }, { count: 2 }, { count: 10, suppressed: 7 }, { count: 11 }, { count: 12 }]);
});
