import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { contextDigest } from "../../local/standin/build-context.ts";

let context: string;
const write = (name: string, text: string) => writeFileSync(join(context, name), text);
const digest = () => contextDigest(context, join(context, "Dockerfile"));

beforeEach(() => {
  context = mkdtempSync(join(tmpdir(), "standin-"));
  mkdirSync(join(context, "node_modules"));
  write("Dockerfile", "FROM scratch\n");
  write(".dockerignore", "node_modules\n*.log\n!kept.log\n");
  write("a.ts", "1");
});
afterEach(() => rmSync(context, { recursive: true }));

function changes(change: () => void): boolean {
  const before = digest();
  change();
  return digest() !== before;
}

test("an unchanged context has the same digest", () => expect(changes(() => write("a.ts", "1"))).toBe(false));
test("a changed file changes it", () => expect(changes(() => write("a.ts", "2"))).toBe(true));
test("a new file changes it", () => expect(changes(() => write("b.ts", ""))).toBe(true));
test("a file that became executable changes it", () => expect(changes(() => chmodSync(join(context, "a.ts"), 0o755))).toBe(true));
test("a changed Dockerfile changes it", () => expect(changes(() => write("Dockerfile", "FROM a\n"))).toBe(true));
test("ignored files do not change it", () =>
  expect(
    changes(() => {
      write("node_modules/x", "junk");
      write("npm.log", "junk");
    }),
  ).toBe(false));
test("a file that is ignored and then excepted changes it", () => expect(changes(() => write("kept.log", "x"))).toBe(true));
test("a link is its target's name, also where that does not exist", () => expect(changes(() => symlinkSync("nowhere", join(context, "link")))).toBe(true));
test("the Dockerfile's own ignore file wins over the context's", () => expect(changes(() => write("Dockerfile.dockerignore", "a.ts\n"))).toBe(true));
