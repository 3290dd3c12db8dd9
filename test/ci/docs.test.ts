import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { entries } from "../../infra/settings/reference.ts";
import { schema } from "../../infra/settings/schema.ts";
import { checkout } from "../../local/paths.ts";
import manifest from "../../package.json" with { type: "json" };
import { chapters } from "../e2e/guide/story.ts";
import { sectionsOf } from "./guides.ts";

const documents = [
  "README.md",
  "CONTRIBUTING.md",
  "CHANGELOG.md",
  ...globSync(["docs/*.md", "monitoring/runbooks/*.md", "services/majordomo/SPEC.md"], { cwd: checkout }),
].sort();
const text = (file: string): string => readFileSync(join(checkout, file), "utf8");
const settings = new Set(entries().map(({ key }) => key));
/** A setting is there under its own name, as a group, and as an entry of a list. */
const exists = (name: string): boolean => {
  const key = name.replaceAll(/\[\d+\]/g, "[]").replace(/\[\]$/, "");
  return settings.has(key) || [...settings].some((one) => one.startsWith(`${key}.`) || one.startsWith(`${key}[]`)) || isBelowDictionary(key);
};
/** Such as a variable of a handler: `workers[].env.LEVEL`. */
const isBelowDictionary = (key: string): boolean => /^(workers\[\]\.env|frontend\.annotations)\./.test(key);

/** As GitHub makes a heading's anchor. */
const anchors = (file: string): string[] =>
  [
    ...text(file)
      .replaceAll(/^```[^]*?^```/gm, "")
      .matchAll(/^#+ (.*)$/gm),
  ].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s-]/gu, "")
      .trim()
      .replaceAll(" ", "-"),
  );

describe.each(documents)("%s", (file) => {
  it("names commands that exist", () => {
    const named = [...text(file).matchAll(/npm run (?:--silent )?([a-z][\w:]*)/g)].map(([, name]) => name!);
    expect(named.filter((name) => !Object.hasOwn(manifest.scripts, name))).toEqual([]);
  });

  it("names settings that exist", () => {
    const inWords = [...text(file).matchAll(/`([a-zA-Z]+(?:\[\d*\])?(?:\.[a-zA-Z]+(?:\[\d*\])?)+)`/g)]
      .map(([, name]) => name!)
      .filter((name) => Object.hasOwn(schema.shape, name.split(/[.[]/)[0]!));
    const set = [...text(file).matchAll(/pulumi config set (?:--secret )?(?:--path )?'?([a-z][\w.[\]]*)/g)].map(([, name]) => name!);
    const written = [...text(file).matchAll(/^\s+zeromq-stack:(\w+):/gm)].map(([, name]) => name!);
    // Files and hosts look the same in words.
    const named = [...inWords.filter((name) => !/\.(ts|md|yaml|json|conf)$/.test(name)), ...set, ...written];
    expect(named.filter((name) => !exists(name))).toEqual([]);
  });

  it("links to what exists, and to headings that are there", () => {
    const broken = [...text(file).matchAll(/\]\((?!https?:)([^)#\s]*)(#[^)\s]*)?\)/g)].flatMap(([link, path = "", anchor]) => {
      const target = path === "" ? file : join(dirname(file), path);
      if (!existsSync(join(checkout, target))) return [link];
      return anchor === undefined || anchors(target).includes(anchor.slice(1)) ? [] : [link];
    });
    expect(broken).toEqual([]);
  });

  it("names no file of the repository that is not there", () => {
    const named = [...text(file).matchAll(/`((?:ci|compose|config|dev|docs|infra|local|monitoring|operations|services|test|\.github)\/[\w./-]+)`/g)].map(
      ([, path]) => path!,
    );
    const madeByTheReader = ["services/worker/handlers/shout.ts", "services/worker/handlers/sum.ts", "test/bench/results"];
    expect(named.filter((path) => !madeByTheReader.includes(path) && !existsSync(join(checkout, path)))).toEqual([]);
  });
});

describe.each(["README.md", "docs/operations.md", "docs/keys.md"])("%s, whose commands test/e2e/guide.test.ts runs as they are printed", (guide) => {
  const sections = sectionsOf(text(guide));
  const told = chapters.filter((chapter) => chapter.guide === guide);

  it("has a chapter for every heading that has commands, and each chapter a heading", () => {
    expect(told.map(({ heading }) => heading).sort()).toEqual(sections.map(({ heading }) => heading).sort());
  });

  it.each(sections)('"$heading": each command is run, in its order, or named with the reason why not', ({ heading, commands }) => {
    const { steps, elsewhere = {} } = told.find((chapter) => chapter.heading === heading)!;
    expect(steps.map(({ types }) => types)).toEqual(commands.filter((command) => elsewhere[command] === undefined));
    expect(Object.keys(elsewhere).filter((command) => !commands.includes(command))).toEqual([]);
    expect(Object.values(elsewhere).filter((reason) => reason.length < 5)).toEqual([]);
  });

  it("has no command that a shell reads otherwise: zsh takes brackets for a pattern", () => {
    expect(sections.flatMap(({ commands }) => commands).filter((command) => /^[^'"]*\[\d*\]/.test(command))).toEqual([]);
  });
});

it("the guides name enough of it for this to mean something", () => {
  const all = documents.map(text).join("\n");
  expect(documents.length).toBeGreaterThan(25);
  expect(new Set([...all.matchAll(/npm run ([a-z][\w:]*)/g)].map(([, name]) => name)).size).toBeGreaterThan(10);
  // Every command is told of somewhere.
  const told = (name: string) => new RegExp(`npm (run )?(--silent )?${name}\\b`).test(all);
  expect(Object.keys(manifest.scripts).filter((name) => !told(name))).toEqual([]);
});

it("the resource plan's figures are those that were measured", () => {
  const [plan, measured] = [text("docs/resource-plan.md"), text("docs/performance.md")];
  const quoted = ["70,486", "77,866", "488,064", "3,365", "989", "23,468"];
  expect(quoted.filter((figure) => !plan.includes(figure) || !measured.includes(figure.replace(",", "")))).toEqual([]);
});

it("the licence is the one that the package names", () => {
  expect((manifest as { license?: string }).license).toBe("MIT");
  expect(text("LICENSE")).toMatch(/^MIT License/);
});
