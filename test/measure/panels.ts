import { Error as errorsOnly, logger, parse, View } from "vega";
import { compile, type TopLevelSpec } from "vega-lite";
import type { Panel, Row } from "../../monitoring/dashboards/panel.ts";

export interface Point {
  readonly legend: string;
  /** Seconds since the picture's beginning. */
  readonly seconds: number;
  readonly value: number;
}

export interface Drawn {
  readonly panel: Panel;
  readonly points: readonly Point[];
}

const columns = 3;
const [width, height] = [270, 110];

/** Grafana's units, as far as the dashboard has them, behind a number with its SI prefix. */
const units: Record<string, string> = { s: "s", cps: " /s", reqps: " /s", bytes: "B", short: "" };

function axisOf(unit: string): object {
  if (unit === "percentunit") return { format: ".0%" };
  const number = unit === "s" || unit === "bytes" ? "format(datum.value, '~s')" : "datum.value < 1 ? format(datum.value, '~f') : format(datum.value, '~s')";
  return { labelExpr: `(${number}) + '${units[unit]}'` };
}

function plot({ panel: { title, unit }, points }: Drawn, heading: string, lengthSeconds: number, marks: readonly number[]): object {
  return {
    title: { text: heading === "" ? title : [heading, "", title], anchor: "start", frame: "group", fontSize: 12 },
    width,
    height,
    layer: [
      {
        data: { values: points },
        mark: { type: "line", strokeWidth: 1.5 },
        encoding: {
          x: {
            field: "seconds",
            type: "quantitative",
            title: null,
            scale: { domain: [0, lengthSeconds] },
            axis: { labelExpr: "datum.value + ' s'", grid: false, tickCount: 5 },
          },
          y: { field: "value", type: "quantitative", title: null, scale: { zero: true }, axis: { ...axisOf(unit), tickCount: 4 } },
          color: {
            field: "legend",
            type: "nominal",
            title: null,
            legend: { orient: "bottom", columns: 2, labelLimit: 125, labelFontSize: 9, symbolType: "stroke" },
          },
        },
      },
      {
        data: { values: marks.map((seconds) => ({ seconds })) },
        mark: { type: "rule", strokeDash: [3, 3], color: "#444" },
        encoding: { x: { field: "seconds", type: "quantitative" } },
      },
    ],
    resolve: { scale: { color: "independent" } },
  };
}

/** A dashboard's panels as a picture of so many seconds, row by row; a dashed line at each of the marks. @returns SVG */
export async function picture(
  title: string,
  rows: readonly { readonly row: Row; readonly drawn: readonly Drawn[] }[],
  lengthSeconds: number,
  marks: readonly number[],
): Promise<string> {
  const lines = rows.flatMap(({ row, drawn }) =>
    Array.from({ length: Math.ceil(drawn.length / columns) }, (_, line) =>
      drawn
        .slice(line * columns, (line + 1) * columns)
        .map((one, column) =>
          plot(one, line > 0 ? "" : column > 0 ? " " : row.title.replace(": $service", ", all services").toUpperCase(), lengthSeconds, marks),
        ),
    ),
  );
  const { spec } = compile(
    {
      $schema: "https://vega.github.io/schema/vega-lite/v6.json",
      title: { text: title, anchor: "start", fontSize: 15, offset: 20 },
      background: "white",
      padding: 16,
      // The plots stand in columns, whatever is written around them.
      vconcat: lines.map((line) => ({ hconcat: line, spacing: 75, bounds: "flush", resolve: { scale: { color: "independent" } } })),
      spacing: height + 135,
      bounds: "flush",
      resolve: { scale: { color: "independent" } },
      config: { font: "sans-serif" },
    } as unknown as TopLevelSpec,
    { logger: logger(errorsOnly) },
  );
  return new View(parse(spec), { renderer: "none" }).toSVG();
}

/** The text of a legend such as `received, {{side}}` for a series. */
export function legendOf(template: string, labels: Readonly<Record<string, string>>): string {
  return template.replaceAll(/\{\{(\w+)\}\}/g, (_, label: string) => labels[label] ?? "");
}
