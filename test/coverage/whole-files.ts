import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll } from "vitest";

/** vitest reads what a test's processes wrote about what they ran; half a file of one that was killed while it wrote would fail the run. */
afterAll(() => {
  const folder = process.env["NODE_V8_COVERAGE"];
  if (folder === undefined) return;
  for (const name of filesIn(folder)) {
    const file = join(folder, name);
    try {
      JSON.parse(readFileSync(file, "utf8"));
    } catch {
      rmSync(file, { force: true });
    }
  }
});

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
