import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { describe as inWords, Failure } from "../../local/failure.ts";
import { diagnostics } from "../../local/stack.ts";

const directory = mkdtempSync(join(tmpdir(), "zeromq-stack-failure-"));
const log = join(directory, "build.log");
afterAll(() => rmSync(directory, { recursive: true }));

test("a failure shows the end of its log, the log's place and what to do", () => {
  writeFileSync(log, Array.from({ length: 100 }, (_, line) => `line ${line}`).join("\n"));
  const words = inWords(new Failure("go failed (exit 1)", { log, todo: "Run it again." }));
  expect(words).toMatch(/^go failed \(exit 1\)\n/);
  expect(words).toContain("  | line 99");
  expect(words).not.toContain("line 50");
  expect(words).toMatch(new RegExp(`${log}\\nRun it again\\.$`));
});

test("a failure whose log is gone is still told, with what one can always do", () => {
  expect(inWords(new Failure("etcd ended at once", { log: join(directory, "absent") }))).toMatch(/^etcd ended at once\nThe same command goes on from here/);
});

test("a full disk is told as one", () => {
  expect(inWords(Object.assign(new Error("write"), { code: "ENOSPC" }))).toMatch(/^The disk is full: write\nMake room/);
});

test("an error that nobody foresaw keeps its stack", () => {
  expect(inWords(new TypeError("x is undefined"))).toContain("failure.test.ts");
});

test("of a failed update the errors are shown, without the warnings about stand-ins", () => {
  const printed = `Updating (dev):
 +  kubernetes:apps/v1:Deployment zeromq-worker creating (3s)
Diagnostics:
  kubernetes:apps/v1:Deployment (zeromq-worker):
    error: Deployment zeromq-worker was not ready within 300 s

  pulumi:pulumi:Stack (zeromq-stack-dev):
    warning: using pulumi-resource-docker from $PATH at /somewhere

Resources:
    + 3 created
`;
  const words = diagnostics(printed);
  expect(words).toContain("was not ready within 300 s");
  expect(words).not.toMatch(/warning|created|creating/);
});

test("of an update that ended without a summary the last lines are shown", () => {
  expect(diagnostics("first\nerror: no stack selected")).toContain("no stack selected");
});
