import { defineConfig } from "vitest/config";

const project = (name: string, timeoutMs: number, rest: object = {}) => ({
  test: { name, include: [`test/${name}/**/*.test.ts`], testTimeout: timeoutMs, hookTimeout: timeoutMs, ...rest },
});

export default defineConfig({
  test: {
    projects: [
      project("unit", 30_000),
      project("infra", 60_000),
      project("monitoring", 60_000),
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
