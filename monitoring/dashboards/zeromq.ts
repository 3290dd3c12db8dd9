import {
  AnnotationQueryBuilder,
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
  VariableSort,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { serviceMetrics } from "../../services/contract/metrics.ts";
import { dataSource, type Row, timeSeries } from "./panel.ts";
import { overview, services } from "./requests.ts";
import { saturation } from "./saturation.ts";
import { colours, switched } from "./switch.ts";
import { workers } from "./workers.ts";

/** From what everybody asks to what one asks when something is wrong. */
export const rows: readonly Row[] = [overview, colours, services, workers, saturation];

/** The dashboard "ZeroMQ Monitoring". */
export function zeromqDashboard(): Dashboard {
  const dashboard = new DashboardBuilder("ZeroMQ Monitoring")
    .uid("zeromq-monitoring")
    .tags(["zeromq"])
    .readonly()
    .refresh("30s")
    .time({ from: "now-1h", to: "now" })
    .tooltip(DashboardCursorSync.Crosshair)
    .annotation(
      new AnnotationQueryBuilder()
        .name("Switches")
        .datasource(dataSource)
        .enable(true)
        .iconColor("blue")
        .expr(switched)
        .step("60s")
        .titleFormat("{{color}} is active")
        .tagKeys("color"),
    )
    .withVariable(
      new QueryVariableBuilder("service")
        .label("Service")
        .datasource(dataSource)
        .query(`label_values(${serviceMetrics.workers.name}, service)`)
        .refresh(VariableRefresh.OnTimeRangeChanged)
        .sort(VariableSort.AlphabeticalAsc)
        .multi(true)
        .includeAll(true)
        .allValue(".*")
        .current({ text: "All", value: "$__all" }),
    );
  for (const row of rows) {
    dashboard.withRow(new RowBuilder(row.title));
    for (const panel of row.panels) dashboard.withPanel(timeSeries(panel));
  }
  const built = dashboard.build();
  // The library leaves them to Grafana, which then tells links to panels apart by chance.
  for (const [place, panel] of (built.panels ?? []).entries()) panel.id = place + 1;
  return built;
}
