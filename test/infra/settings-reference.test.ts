import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { entries, table } from "../../infra/settings/reference.ts";

const checkout = join(import.meta.dirname, "../..");

it("every setting says what it does and what it allows, so that errors and the reference can", () => {
  const all = entries();

  expect(all.length).toBeGreaterThan(40);
  expect(all.filter(({ description, allowed }) => !description || !allowed)).toEqual([]);
});

it("the settings reference is the schema's (`npm run test:unit -- -u` writes it anew)", async () => {
  const introduction = "# Settings\n\n`pulumi config set <setting> <value>`; inside of a group `pulumi config set --path <group>.<setting> <value>`.\n\n";

  await expect(`${introduction}${table()}\n`).toMatchFileSnapshot(join(checkout, "docs/settings.md"));
});

it("the README names settings that exist", () => {
  const section = /## Settings\n([^]*?)\n## /.exec(readFileSync(join(checkout, "README.md"), "utf8"))?.[1] ?? "";
  const named = [...section.matchAll(/^\| (`[^|]+`) \|/gm)].flatMap(([, cell]) => [...cell!.matchAll(/`([^`]+)`/g)].map(([, key]) => key));

  expect(named.length).toBeGreaterThan(5);
  expect(named.filter((name) => !entries().some(({ key }) => key === name))).toEqual([]);
});
