import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import manifest from "../../package.json" with { type: "json" };
import { checkout } from "../../local/paths.ts";
import { checker } from "./checkers.ts";

const folder = join(checkout, ".github/workflows");
const files = readdirSync(folder).sort();
const text = (file: string): string => readFileSync(join(folder, file), "utf8");

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly env?: Record<string, string>;
  readonly with?: Record<string, unknown>;
}
interface Workflow {
  readonly on: Record<string, any>;
  readonly permissions: Record<string, string>;
  readonly jobs: Record<
    string,
    {
      readonly steps?: readonly Step[];
      readonly permissions?: unknown;
      readonly environment?: string;
      readonly needs?: string;
      readonly uses?: string;
      readonly with?: { stack?: string };
    }
  >;
}
const workflow = (file: string): Workflow => parse(text(file));
const stepsOf = (file: string): Step[] => Object.values(workflow(file).jobs).flatMap(({ steps = [] }) => steps);

describe("the workflows", () => {
  // Shells and Python are other programs' business.
  const lint = (...paths: string[]) => checker("actionlint", ["-shellcheck=", "-pyflakes=", ...paths]);

  it("pass actionlint, which finds what is wrong", async () => {
    expect(await lint(...files.map((file) => join(folder, file)))).toMatchObject({ exitCode: 0, text: "" });
    const directory = mkdtempSync(join(tmpdir(), "zeromq-stack-workflow-"));
    try {
      writeFileSync(join(directory, "broken.yml"), text("comment.yml").replace("github.event.workflow_run.id", "github.nothing.id"));
      expect((await lint(join(directory, "broken.yml"))).text).toContain('property "nothing" is not defined');
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it("use actions by commit, since tags move, and say which release that was", () => {
    const used = files.flatMap((file) => [...text(file).matchAll(/uses: (\S+)( # v[\d.]+)?$/gm)]).filter(([, action]) => !action!.startsWith("./"));
    expect(used.length).toBeGreaterThan(8);
    expect(used.filter(([, action, release]) => !/@[0-9a-f]{40}$/.test(action!) || release === undefined).map(([line]) => line)).toEqual([]);
  });

  it("may read, and no more, but for the one that comments", () => {
    expect(Object.fromEntries(files.map((file) => [file, workflow(file).permissions]))).toEqual({
      "comment.yml": { contents: "read", actions: "read", "pull-requests": "write" },
      "deploy-stack.yml": { contents: "read" },
      "deploy.yml": { contents: "read" },
      "pull-request.yml": { contents: "read" },
    });
    expect(files.flatMap((file) => Object.values(workflow(file).jobs)).filter(({ permissions }) => permissions !== undefined)).toEqual([]);
  });

  it("run commands that exist, which a person can run, too", () => {
    const commands = files.flatMap((file) => [...text(file).matchAll(/npm run ([\w:]+)/g)].map(([, name]) => name!));
    expect(commands.length).toBeGreaterThan(4);
    expect(commands.filter((name) => !Object.hasOwn(manifest.scripts, name))).toEqual([]);
  });

  it("put nobody else's text into a command", () => {
    const commands = files.flatMap(stepsOf).flatMap(({ run }) => run ?? []);
    expect(commands.filter((run) => run.includes("${{"))).toEqual([]);
  });

  it("keep no login in the checkout", () => {
    const checkouts = files.flatMap(stepsOf).filter(({ uses }) => uses?.startsWith("actions/checkout@") === true);
    expect(checkouts.map((step) => step.with?.["persist-credentials"])).toEqual(checkouts.map(() => false));
  });
});

describe("a pull request", () => {
  it("is tried without a secret, on its own code, with tests and previews of before and after", () => {
    const file = "pull-request.yml";
    expect(Object.keys(workflow(file).on)).toEqual(["pull_request"]);
    expect(text(file)).not.toMatch(/secrets\.|github\.token|environment:/);
    const runs = stepsOf(file).flatMap(({ run }) => run ?? []);
    expect(runs).toEqual(
      expect.arrayContaining(["npm test -- --skip-e2e --yes", "npm run ci:preview -- --to previews.json", expect.stringContaining("--of base --to base.json")]),
    );
  });

  it("is told by a workflow that runs none of its code, also when its own failed", () => {
    const { on, jobs } = workflow("comment.yml");
    expect(on).toEqual({ workflow_run: { workflows: [workflow("pull-request.yml") && parse(text("pull-request.yml")).name], types: ["completed"] } });
    const [job] = Object.values(jobs) as any[];
    expect(job.if).not.toContain("success");
    const [checkedOut] = job.steps.filter(({ uses }: Step) => uses?.startsWith("actions/checkout@"));
    expect(checkedOut.with).not.toHaveProperty("ref");
    expect(checkedOut.with).not.toHaveProperty("repository");
  });
});

describe("the main branch", () => {
  it("goes to dev, then staging, then prod, each in the environment of its name, once the tests have passed", () => {
    const { on, jobs } = workflow("deploy.yml");
    expect(on).toEqual({ push: { branches: ["main"] } });
    const order = Object.entries(jobs).flatMap(([name, job]) => (job.uses === undefined ? [] : [[job.needs, name, job.with?.stack]]));
    expect(order).toEqual([
      ["test", "dev", "dev"],
      ["dev", "staging", "staging"],
      ["staging", "prod", "prod"],
    ]);
    expect(Object.values(workflow("deploy-stack.yml").jobs)[0]!.environment).toBe("${{ inputs.stack }}");
  });
});
