import { expect, test } from "vitest";
import { createLimitedLog } from "../../services/process/limited-log.ts";
import type { Logger } from "../../services/process/log.ts";

test("a kind is told once in a while, with the number left out, and peers that make up kinds cannot fill the log", () => {
  const lines: unknown[][] = [];
  let nowMs = 0;
  const log = createLimitedLog({ warn: (...values: unknown[]) => void lines.push(values) } as unknown as Logger, () => nowMs);
  for (let count = 0; count < 10; count += 1) log.warn("a", { count }, "said");
  nowMs = 5_000;
  log.warn("a", { count: 10 }, "said");
  expect(lines).toEqual([[{ count: 0 }, "said"], [{ count: 10, suppressed: 9 }, "said"]]);
  for (let kind = 0; kind < 10_000; kind += 1) log.warn(`kind ${kind}`, {}, "made up");
  expect(lines.length).toBeLessThan(30);
});
