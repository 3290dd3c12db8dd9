import { stripTypeScriptTypes } from "node:module";
import { join } from "node:path";
import { defineConfig, type Plugin } from "vitest/config";

/**
 * Tests run the text that Node runs without vitest: types are blanked, and all else stays where it is. So what a test's own
 * process and the processes that it starts have covered are the same places in the same text, and add up.
 */
const asNodeDoes: Plugin = {
  name: "strip types as Node does",
  enforce: "pre",
  transform: (code, id) => (/^[^?]*\.ts(\?|$)/.test(id) && !id.includes("/node_modules/") ? { code: stripTypeScriptTypes(code), map: null } : undefined),
};

const project = (name: string, timeoutMs: number, rest: object = {}) => ({
  oxc: false as const,
  plugins: [asNodeDoes],
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    setupFiles: ["test/coverage/whole-files.ts"],
    testTimeout: timeoutMs,
    hookTimeout: timeoutMs,
    ...rest,
  },
});

export default defineConfig({
  test: {
    coverage: {
      provider: "v8",
      include: ["services/**/*.ts", "infra/**/*.ts", "monitoring/**/*.ts"],
      // The programs that the tests start count too.
      autoAttachSubprocess: true,
      reporter: ["html", "json", [join(import.meta.dirname, "test/coverage/least-covered-first.ts"), {}]],
      thresholds: { statements: 95, lines: 95 },
    },
    projects: [
      project("unit", 30_000),
      project("infra", 60_000),
      project("monitoring", 60_000),
      project("ci", 120_000),
      project("standin", 30_000),
      project("local", 30_000),
      project("simulation", 60_000),
      project("integration", 120_000),
      // One stack, one story: each promise rests on the one before.
      project("e2e", 600_000, { fileParallelism: false, bail: 1 }),
      // Not a test: figures for people.
      project("measure", 600_000, { fileParallelism: false }),
    ],
  },
});
