import { describe, expect, it } from "vitest";
import { rows, zeromqDashboard } from "../../monitoring/dashboards/zeromq.ts";
import { groups } from "../../monitoring/rules/groups.ts";
import { monitored } from "./monitored.ts";
import { promtool } from "./promtool.ts";
import { problemsOf } from "./queries.ts";

const dashboard = zeromqDashboard();
/** Queries as Grafana sends them: its own words replaced. */
const sent = (query: string): string => query.replaceAll("$__rate_interval", "1m").replaceAll("$service", "gzip|echo");
const panels = rows.flatMap((row) => row.panels.map((panel) => ({ row: row.title, ...panel })));
const dashboards = [
  ...panels.flatMap(({ row, title, queries }) => Object.entries(queries).map(([legend, query]) => ({ of: `${row}, ${title}, ${legend}`, query: sent(query) }))),
  ...(dashboard.annotations?.list ?? []).map(({ name, expr }) => ({ of: `annotation ${name}`, query: expr! })),
];
const rules = groups(monitored).flatMap(({ rules }) => rules.map((rule) => ({ of: "alert" in rule ? rule.alert : rule.record, query: rule.expr })));

describe("every query can be read, and asks for metrics, labels and values that there are:", () => {
  it.each(rules)("$of", ({ query }) => {
    expect(problemsOf(query)).toEqual([]);
  });

  it.each(dashboards)("$of", ({ query }) => {
    expect(problemsOf(query)).toEqual([]);
  });

  it("to Prometheus' own parser, too", async () => {
    const asRules = {
      groups: [{ name: "dashboards", rules: dashboards.map(({ query }, place) => ({ record: `dashboard:query:number${place}`, expr: query })) }],
    };
    expect(await promtool(["check", "rules", "rules.yml"], { "rules.yml": asRules })).toBe("");
  });
});

describe("a query is found to be wrong where it", () => {
  it.each([
    ["cannot be read", "sum(zeromq_queue_length", "it cannot be read"],
    ["asks for a metric that nobody shows", "rate(zeromq_message_total[5m])", "there is no metric zeromq_message_total"],
    [
      "asks for a histogram instead of its buckets",
      "histogram_quantile(0.95, zeromq_message_latency_seconds)",
      "there is no metric zeromq_message_latency_seconds",
    ],
    ["matches a label that the metric has not", 'zeromq_queue_bytes{state="held"}', "zeromq_queue_bytes has no label state"],
    ["matches a value that there never is", 'zeromq_queue_length{state=~"held|queued"}', "state is never queued"],
    ["groups by a label that nothing has", "sum by (tenant) (zeromq_workers)", "nothing in it has the label tenant"],
  ])("%s", (_, query, problem) => {
    expect(problemsOf(query).join()).toContain(problem);
  });
});

describe("the dashboard ZeroMQ Monitoring", () => {
  it("begins with the seed's panels", () => {
    expect(dashboard.title).toBe("ZeroMQ Monitoring");
    expect(rows[0]!.panels.map(({ title }) => title)).toEqual(["Message Rate", "Queue Length", "Latency P95"]);
    expect(rows[0]!.panels[2]!.queries["P95"]).toBe("histogram_quantile(0.95, sum by (le) (rate(zeromq_message_latency_seconds_bucket[$__rate_interval])))");
  });

  it("goes on with the switch, services, workers and saturation", () => {
    expect(rows.map(({ title }) => title.split(":")[0])).toEqual(["Overview", "Switch", "Services", "Workers", "Saturation"]);
    expect(rows[1]!.panels.filter(({ queries }) => Object.keys(queries).some((legend) => legend.includes("{{color}}")))).toHaveLength(5);
  });

  it("says of each panel what one sees and in what unit, and shows none twice", () => {
    for (const { title, description, unit } of panels) expect([description.length > 30, unit !== ""], title).toEqual([true, true]);
    expect(new Set(panels.map(({ row, title }) => `${row} ${title}`)).size).toBe(panels.length);
  });

  it("names only labels in a legend that its query has kept", () => {
    const lost = panels.flatMap(({ title, queries }) =>
      Object.entries(queries).flatMap(([legend, query]) => {
        const kept = [...query.matchAll(/by \(([^)]*)\)/g)].flatMap(([, labels]) => labels!.split(", "));
        const named = [...legend.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label!);
        return query.includes(" by (") ? named.filter((label) => !kept.includes(label)).map((label) => `${title}: ${label}`) : [];
      }),
    );
    expect(lost).toEqual([]);
  });

  it("asks the data source that Grafana is provisioned with, panel by panel, each with a number of its own", () => {
    const drawn = (dashboard.panels ?? []).filter(({ type }) => type === "timeseries");
    expect(drawn).toHaveLength(panels.length);
    for (const { datasource } of drawn as { datasource?: object }[]) expect(datasource).toEqual({ type: "prometheus", uid: "prometheus" });
    expect(new Set(dashboard.panels?.map(({ id }) => id)).size).toBe(dashboard.panels?.length);
  });

  it("fills its width and lays no panel over another", () => {
    const places = (dashboard.panels ?? []).map(({ gridPos }) => gridPos!);
    const taken = places.flatMap(({ x, y, w, h }) => Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)} ${y + Math.floor(cell / w)}`));
    expect(new Set(taken).size).toBe(taken.length);
    expect(Math.max(...places.map(({ x, w }) => x + w))).toBe(24);
  });

  it("marks each switch", async () => {
    const annotation = dashboard.annotations!.list![0]!;
    const at = (time: string, values: Record<string, string>, expected: string[]) =>
      promtool(["test", "rules", "test.yml"], {
        "test.yml": {
          evaluation_interval: "1m",
          tests: [
            {
              interval: "1m",
              input_series: Object.entries(values).map(([color, value]) => ({
                series: `zeromq_role{role="active",color="${color}",pod="${color}"}`,
                values: value,
              })),
              promql_expr_test: [
                { expr: annotation.expr, eval_time: time, exp_samples: expected.map((color) => ({ labels: `{color="${color}"}`, value: 1 })) },
              ],
            },
          ],
        },
      });
    const switching = { blue: "1x4 0x5", green: "0x4 1x5" };
    expect(await at("5m", switching, ["green"])).toBe("");
    expect(await at("4m", switching, [])).toBe("");
    expect(await at("7m", switching, [])).toBe("");
    expect(annotation).toMatchObject({ name: "Switches", enable: true, datasource: { uid: "prometheus" } });
  });
});
