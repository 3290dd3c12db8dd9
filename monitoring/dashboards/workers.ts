import { serviceMetrics, workerMetrics } from "../../services/contract/metrics.ts";
import { recorded } from "../rules/recording.ts";
import { chosen, type Row, window } from "./panel.ts";

const { workers: registered, credit, redeliveries } = serviceMetrics;
const { handlerSeconds, requests, running } = workerMetrics;

export const workers: Row = {
  title: "Workers: $service",
  panels: [
    {
      title: "Workers",
      description: "Processes that run, the most that autoscaling allows, and how many of them a broker knows.",
      unit: "short",
      queries: {
        "{{service}}": `${recorded.processes}{${chosen}}`,
        "{{service}}, at most": `${recorded.maximum}{${chosen}}`,
        "{{service}}, registered": `max by (service) (${registered.name}{${chosen}})`,
      },
    },
    {
      title: "Credit",
      description: "Requests that workers would take at once. 0 means that all are busy.",
      unit: "short",
      queries: { "{{service}}": `sum by (service) (${credit.name}{${chosen}})` },
    },
    {
      title: "Requests in workers' hands",
      description: "What each service's workers have accepted and not ended.",
      unit: "short",
      queries: { "{{service}}": `sum by (service) (${running.name}{${chosen}})` },
    },
    {
      title: "Handler P95",
      description: "What handlers take for one request, all tries together: the part of the latency that is not the brokers'.",
      unit: "s",
      queries: { "{{service}}": `histogram_quantile(0.95, sum by (service, le) (rate(${handlerSeconds.name}_bucket{${chosen}}[${window}])))` },
    },
    {
      title: "Handlers' failures",
      description: "Requests a second that workers ended without a reply, by outcome.",
      unit: "reqps",
      queries: { "{{service}} {{outcome}}": `sum by (service, outcome) (rate(${requests.name}{outcome!="replied",${chosen}}[${window}])) > 0` },
    },
    {
      title: "Redeliveries",
      description: "Requests a second that were given to a worker again because theirs was lost. Each of them runs more than once.",
      unit: "reqps",
      queries: { "{{service}}": `sum by (service) (rate(${redeliveries.name}{${chosen}}[${window}]))` },
    },
  ],
};
