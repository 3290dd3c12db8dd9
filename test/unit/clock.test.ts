import { expect, onTestFinished, test, vi } from "vitest";
import { createClock } from "../../services/worker/clock.ts";

test("a thread that was stopped while it set its clock does not run behind the others", () => {
  onTestFinished(() => {
    vi.restoreAllMocks();
  });
  let nowMs = 5_000;
  let looks = 0;
  vi.spyOn(process, "hrtime").mockImplementation(() => [nowMs / 1_000, 0]);
  vi.spyOn(performance, "now").mockImplementation(() => {
    looks += 1;
    if (looks < 8) nowMs += 3_000; // stopped at each of the first looks
    return nowMs - 1_000;
  });
  const clock = createClock();
  expect(clock()).toBe(nowMs);
});
