import { describe, expect, it } from "vitest";
import { entries } from "../../infra/settings/reference.ts";
import { monitored as monitoredStack } from "../../infra/specs/monitored.ts";
import { alerts, groups, ruleFile } from "../../monitoring/rules/groups.ts";
import type { Alert } from "../../monitoring/rules/rule.ts";
import { settingsWith } from "../infra/specs.ts";
import { monitored } from "./monitored.ts";
import { promtool } from "./promtool.ts";
import { cases, type Situation } from "./situations.ts";

const all = alerts(monitored);

/** What promtool finds wrong when one says which alerts of a name fire. */
function whereFiring(
  { alert, severity }: Alert,
  { series, at, every = "1m" }: Situation,
  labels: Record<string, string> | undefined,
  of = monitored,
): Promise<string> {
  const pairs = Object.entries({ ...labels, alertname: alert, alertstate: "firing", severity }).map(([label, value]) => `${label}="${value}"`);
  const test = {
    rule_files: ["rules.yml"],
    evaluation_interval: every,
    tests: [
      {
        interval: every,
        input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
        promql_expr_test: [
          {
            expr: `ALERTS{alertname="${alert}",alertstate="firing"}`,
            eval_time: at,
            exp_samples: labels === undefined ? [] : [{ labels: `ALERTS{${pairs.join(",")}}`, value: 1 }],
          },
        ],
      },
    ],
  };
  return promtool(["test", "rules", "test.yml"], { "rules.yml": ruleFile(of), "test.yml": test });
}

describe.each(all)("$alert", (alert) => {
  const { labels, fires, silent } = cases[alert.alert] ?? { labels: {}, fires: { series: {}, at: "0m" }, silent: {} };

  it("fires when it should", async () => {
    expect(await whereFiring(alert, fires, labels)).toBe("");
  });

  for (const [why, situation] of Object.entries(silent)) {
    it(`is silent where ${why}`, async () => {
      expect(await whereFiring(alert, situation, undefined)).toBe("");
    });
  }

  it("names only labels that it has", () => {
    const named = [...`${alert.summary} ${alert.description}`.matchAll(/\$labels\.(\w+)/g)].map(([, label]) => label!);
    expect(named.filter((label) => !(label in labels) && !["pod", "service"].includes(label))).toEqual([]);
  });
});

describe("ZeromqStandbyHasClients of a stack that lets plain clients stay for an hour", () => {
  const patient = monitoredStack(settingsWith({ scaleDownDelaySeconds: 3600, longestRequestSeconds: 600 }));
  const alert = alerts(patient).find(({ alert }) => alert === "ZeromqStandbyHasClients")!;
  const series = {
    'zeromq_active_connections{side="frontend",color="blue",pod="b"}': "1x200",
    'zeromq_role{role="standby",color="blue",pod="b"}': "1x200",
  };

  it("is silent for as long as a switch may take them", async () => {
    expect(await whereFiring(alert, { series, at: `${Math.ceil((3600 + 600 + 120) / 60)}m` }, undefined, patient)).toBe("");
  });

  it("fires where one is still there then", async () => {
    expect(await whereFiring(alert, { series, at: "80m" }, { color: "blue" }, patient)).toBe("");
  });
});

describe("the rules", () => {
  it("are right to Prometheus' own checker, for a stack with little, too", async () => {
    expect(await promtool(["check", "rules", "--lint=all", "--lint-fatal", "rules.yml"], { "rules.yml": ruleFile(monitored) })).toBe("");
    const little = { ...monitored, scaled: [], certificates: [], alertmanager: false, grafana: false };
    expect(await promtool(["check", "rules", "--lint=all", "--lint-fatal", "rules.yml"], { "rules.yml": ruleFile(little) })).toBe("");
  });

  it("have a situation in which each alert fires and one in which it does not, and no situation too many", () => {
    expect(Object.keys(cases).sort()).toEqual(all.map(({ alert }) => alert).sort());
    expect(Object.keys(cases).filter((name) => Object.keys(cases[name]!.silent).length === 0)).toEqual(["Watchdog"]);
  });

  it("record under names of the form level:metric:operation", () => {
    const records = groups(monitored).flatMap(({ rules }) => rules.flatMap((rule) => ("record" in rule ? [rule.record] : [])));
    expect(records.length).toBeGreaterThan(15);
    expect(records.filter((name) => !/^[a-z_]+:[a-z_]+:[a-z_]+[0-9a-z]*$/.test(name))).toEqual([]);
  });

  it("say for each alert how grave it is, in one line and in more, and where its runbook is", () => {
    const written = ruleFile(monitored).groups.flatMap(({ rules }) => rules.filter((rule) => "alert" in rule));
    for (const { alert, labels, annotations } of written) {
      expect(["critical", "warning", "none"]).toContain(labels.severity);
      expect(annotations.summary, alert).toMatch(/^.{10,100}$/);
      expect(annotations.description, alert).toMatch(/\.$/);
      expect(annotations.runbook_url).toBe(`https://git.example/zeromq-stack/monitoring/runbooks/${alert}.md`);
    }
  });

  it("look back over two samples at least, should one be missed, for as seldom as a stack may be looked at", () => {
    const { allowed } = entries().find(({ key }) => key === "prometheus.scrapeIntervalSeconds")!;
    const seldomSeconds = Number(/ to (\d+)$/.exec(allowed)?.[1]);
    const minutes = groups(monitored).flatMap(({ rules }) =>
      rules.flatMap(({ expr }) => [...expr.matchAll(/\[(\d+)m\]/g)].map(([, length]) => Number(length))),
    );
    // A window is open at its left: a sample that lies there is not in it.
    expect(Math.min(...minutes) * 60).toBeGreaterThan(3 * seldomSeconds);
  });

  it("ask for the end of no certificate where the stack made none", () => {
    expect(alerts({ ...monitored, certificates: [] }).map(({ alert }) => alert)).not.toContain("ServingCertificateExpires");
  });

  it("ask for no maximum of workers where nothing scales them, and send no sign of life where nobody waits for it", () => {
    const without = alerts({ ...monitored, scaled: [], alertmanager: false }).map(({ alert }) => alert);
    expect(without).not.toContain("ZeromqWorkersAtMaximum");
    expect(without).not.toContain("Watchdog");
    expect(without).toContain("ZeromqNoBroker");
  });
});
