import { metrics, serviceMetrics } from "../../services/contract/metrics.ts";
import { type Row, window } from "./panel.ts";

const { activeConnections, messageLatency, messagesReceived, role } = metrics;

const active = `max by (color) (${role.name}{role="active"})`;

/** One point at each switch: a colour is active that was not a minute ago. */
export const switched = `${active} == 1 unless ${active.replace("}", "} offset 1m")} == 1`;

/** Both colours side by side. */
export const colours: Row = {
  title: "Switch",
  panels: [
    {
      title: "Requests, by colour",
      description: "Messages a second from clients. At a switch one colour takes over from the other, and their sum shows no dent.",
      unit: "cps",
      queries: { "{{color}}": `sum by (color) (rate(${messagesReceived.name}{side="frontend"}[${window}]))` },
      width: 6,
    },
    {
      title: "Clients, by colour",
      description: "Connections of clients. After a switch those of the old colour go to 0.",
      unit: "short",
      queries: { "{{color}}": `sum by (color) (${activeConnections.name}{side="frontend"})` },
      width: 6,
    },
    {
      title: "Unfinished requests, by colour",
      description: "What the old colour still has to do before its brokers may go.",
      unit: "short",
      queries: { "{{color}}": `sum by (color) (${serviceMetrics.queueLength.name})` },
      width: 6,
    },
    {
      title: "Latency P95, by colour",
      description: "The new colour should be no slower than the old one was.",
      unit: "s",
      queries: { "{{color}}": `histogram_quantile(0.95, sum by (color, le) (rate(${messageLatency.name}_bucket[${window}])))` },
      width: 6,
    },
    {
      title: "Roles",
      description: "Brokers by colour and role. Outside of a switch one colour is active and the other one standby.",
      unit: "short",
      queries: { "{{color}} {{role}}": `sum by (color, role) (${role.name}) > 0` },
      width: 24,
    },
  ],
};
