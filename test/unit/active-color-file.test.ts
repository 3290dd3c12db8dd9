import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { watchActiveColor } from "../../services/broker/role.ts";

const directory = mkdtempSync(join(tmpdir(), "zeromq-stack-color-"));
beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  rmSync(directory, { recursive: true, force: true });
});

test("which colour is active is told at each change; a file that is empty or gone changes nothing, and is told once each time", () => {
  const file = join(directory, "active");
  const told: string[] = [];
  const problems: string[] = [];
  const later = (content: string | undefined): void => {
    if (content === undefined) rmSync(file);
    else writeFileSync(file, content);
    vi.advanceTimersByTime(5_000);
  };
  writeFileSync(file, "blue\n");
  const watch = watchActiveColor(
    file,
    (color) => told.push(color),
    (problem) => problems.push(problem),
  );
  expect(told).toEqual(["blue"]);
  for (const content of ["", undefined, "green", "green\n", undefined]) later(content);
  expect(told).toEqual(["blue", "green"]);
  expect(problems).toEqual(Array(2).fill(`${file} cannot be read (ENOENT)`));
  watch.close();
  later("blue");
  expect(told).toEqual(["blue", "green"]);
});
