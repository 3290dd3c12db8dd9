import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { changesOf } from "../../ci/changes.ts";
import { type Preview, previewsFrom } from "../../ci/previews.ts";
import { stacksOf } from "../../ci/stacks.ts";
import { commentText } from "../../ci/text.ts";
import { checkout } from "../../local/paths.ts";

const directory = mkdtempSync(join(tmpdir(), "zeromq-stack-change-"));
const stacks = stacksOf(checkout);

/** This checkout as a pull request would have it: with other settings. */
function changed(): string {
  for (const name of ["infra", "services", "monitoring", "node_modules", "package.json", "Pulumi.yaml"])
    symlinkSync(join(checkout, name), join(directory, name));
  const change = (stack: string, settings: Record<string, unknown>) => {
    const file = parse(readFileSync(join(checkout, `Pulumi.${stack}.yaml`), "utf8"));
    Object.assign(file.config, Object.fromEntries(Object.entries(settings).map(([key, value]) => [`zeromq-stack:${key}`, value])));
    writeFileSync(join(directory, `Pulumi.${stack}.yaml`), stringify(file));
  };
  change("dev", {
    activeColor: "green",
    pushRegistry: { server: "localhost:5001", username: "me", password: { secure: "v1:of a provider that nobody here has" } },
  });
  change("staging", { standbyReplicas: "many" });
  change("prod", { workers: [{ service: "echo", env: { DATABASE_PASSWORD: "in plain text" } }] });
  return directory;
}

/** The command as a workflow runs it. */
async function previews(...args: string[]): Promise<{ exitCode: number | undefined; stderr: string; found: Map<string, Preview> }> {
  const file = join(directory, "previews.json");
  const { exitCode, stderr } = await execa("npm", ["run", "--silent", "ci:preview", "--", "--to", file, ...args], {
    cwd: checkout,
    reject: false,
    stdin: "ignore",
  });
  return { exitCode, stderr, found: new Map(previewsFrom(readFileSync(file, "utf8")).map((one) => [one.stack, one])) };
}

let before: Awaited<ReturnType<typeof previews>>;
let after: Awaited<ReturnType<typeof previews>>;
beforeAll(async () => {
  const settings = stacks.map((stack) => readFileSync(join(checkout, `Pulumi.${stack}.yaml`), "utf8"));
  before = await previews();
  after = await previews("--of", changed());
  expect(
    stacks.map((stack) => readFileSync(join(checkout, `Pulumi.${stack}.yaml`), "utf8")),
    "settings are only read",
  ).toEqual(settings);
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe("a preview without a cluster and without a stack's secrets", () => {
  test("can be had of every stack of this checkout", () => {
    expect(before, before.stderr).toMatchObject({ exitCode: 0 });
    expect([...before.found.keys()].sort()).toEqual(["dev", "prod", "staging"]);
    for (const { stack, resources, errors, violations } of before.found.values()) {
      expect({ stack, errors, violations }).toEqual({ stack, errors: [], violations: [] });
      expect(resources.length).toBeGreaterThan(30);
    }
  });

  test("holds no key, since a pull request's comment is read by everybody", () => {
    const holders = [...before.found.values()].flatMap(({ resources }) =>
      resources.filter(({ type, name }) => /Secret$|Stash$/.test(type) && name !== "protection"),
    );
    const secrets = holders.map(({ inputs }) => inputs["stringData"] ?? inputs["input"]);
    expect(secrets.length).toBeGreaterThan(15);
    expect(new Set(secrets)).toEqual(new Set(["[secret]"]));
  });

  test("says what a switch would do, though the stack's settings hold somebody's secret", () => {
    const [was, is] = [before.found.get("dev")!, after.found.get("dev")!];
    expect(is.errors).toEqual([]);
    const services = changesOf(was, is)
      .filter(({ type }) => type.endsWith(":Service"))
      .map(({ name, fields }) => [name, fields]);
    expect(Object.fromEntries(services)).toMatchObject({ "zeromq-broker": [{ path: "spec.selector.version", before: "blue", after: "green" }] });
    expect(commentText([was], [is])).toContain("traffic: blue 0.1.0 → green 0.1.0");
  });

  test("of a stack whose settings are wrong says which, and fails", () => {
    expect(after.exitCode).toBe(1);
    expect(after.stderr).toContain("staging");
    expect(after.found.get("staging")!.errors.join("\n")).toContain('zeromq-stack:standbyReplicas: "many" found');
  });

  test("of a stack that violates a policy names the policy, and fails", () => {
    expect(after.stderr).toContain("prod");
    expect(after.found.get("prod")!.violations).toMatchObject([
      { policy: "no-plain-secrets", message: expect.stringContaining("DATABASE_PASSWORD"), mandatory: true },
    ]);
  });
});
