import {
  LegendDisplayMode,
  LegendPlacement,
  TooltipDisplayMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from "@grafana/grafana-foundation-sdk/common";
import { DataqueryBuilder } from "@grafana/grafana-foundation-sdk/prometheus";
import { PanelBuilder } from "@grafana/grafana-foundation-sdk/timeseries";

/** The data source as Grafana is provisioned with it. */
export const dataSource = { type: "prometheus", uid: "prometheus" } as const;

/** Grafana's own words for a rate's window: long enough for four scrapes at least. */
export const window = "$__rate_interval";

/** The services that whoever looks has chosen. */
export const chosen = 'service=~"$service"';

export interface Panel {
  readonly title: string;
  /** What one sees, and what it should be like. */
  readonly description: string;
  /** A unit of Grafana's. */
  readonly unit: string;
  /** What is asked, by the text of its legend. */
  readonly queries: Readonly<Record<string, string>>;
  /** Of 24 columns. */
  readonly width?: number;
}

export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

export function timeSeries({ title, description, unit, queries, width = 8 }: Panel): PanelBuilder {
  const panel = new PanelBuilder()
    .title(title)
    .description(description)
    .unit(unit)
    .min(0)
    .datasource(dataSource)
    .span(width)
    .height(8)
    .fillOpacity(10)
    .legend(new VizLegendOptionsBuilder().displayMode(LegendDisplayMode.List).placement(LegendPlacement.Bottom).showLegend(true))
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi));
  for (const [place, [legend, expr]] of Object.entries(queries).entries()) {
    panel.withTarget(
      new DataqueryBuilder()
        .refId(String.fromCharCode(65 + place))
        .expr(expr)
        .legendFormat(legend)
        .datasource(dataSource)
        .range(),
    );
  }
  return panel;
}
