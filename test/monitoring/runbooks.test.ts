import { readdirSync, readFileSync } from "node:fs";
import { join, parse } from "node:path";
import { describe, expect, it } from "vitest";
import { entries } from "../../infra/settings/reference.ts";
import { alerts, groups } from "../../monitoring/rules/groups.ts";
import { metrics, serviceMetrics, workerMetrics } from "../../services/contract/metrics.ts";
import { monitored } from "./monitored.ts";

const folder = join(import.meta.dirname, "../../monitoring/runbooks");
const runbooks = readdirSync(folder).map((file) => ({ name: parse(file).name, text: readFileSync(join(folder, file), "utf8") }));
const known = [
  ...Object.values({ ...metrics, ...serviceMetrics, ...workerMetrics }).flatMap(({ name, type }) =>
    type === "histogram" ? [name, `${name}_sum`, `${name}_count`, `${name}_bucket`] : [name],
  ),
  ...groups(monitored).flatMap(({ rules }) => rules.flatMap((rule) => ("record" in rule ? [rule.record] : []))),
];
const settings = entries().map(({ key }) => key);

it("each alert has a runbook, and each runbook an alert", () => {
  expect(runbooks.map(({ name }) => name).sort()).toEqual(
    alerts(monitored)
      .map(({ alert }) => alert)
      .sort(),
  );
});

describe.each(runbooks)("the runbook of $name", ({ name, text }) => {
  it("says what it means, what to look at and what to do, with commands", () => {
    expect(text.match(/^# .*$/m)?.[0]).toBe(`# ${name}`);
    expect([...text.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading)).toEqual(["What it means", "Look", "Do"]);
    expect(text).toMatch(/```sh\n/);
  });

  it("names metrics, settings and runbooks that exist", () => {
    const named = [...text.matchAll(/`[^`]*`|```[^]*?```/g)].join("\n");
    const series = [...named.matchAll(/(?:[a-z_]+:)?zeromq_[a-z_]+(?::\w+)?/g)].map(([one]) => one);
    expect(series.filter((one) => !known.includes(one))).toEqual([]);
    const set = [...text.matchAll(/pulumi config (?:set|get) (?:--secret )?(?:--path )?'?([\w.]+)/g)].map(([, key]) => key!);
    const mentioned = [...text.matchAll(/`((?:broker|alerting|prometheus|grafana|autoscaling|frontend)\.[\w.]+)`/g)].map(([, key]) => key!);
    expect([...set, ...mentioned].filter((key) => !settings.includes(key))).toEqual([]);
    const linked = [...text.matchAll(/\]\((\w+)\.md\)/g)].map(([, to]) => to!);
    expect(linked.filter((to) => !runbooks.some((other) => other.name === to))).toEqual([]);
  });
});
