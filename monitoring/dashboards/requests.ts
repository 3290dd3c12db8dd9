import { metrics, serviceMetrics } from "../../services/contract/metrics.ts";
import { errorRatio } from "../rules/errorBudget.ts";
import { chosen, type Row, window } from "./panel.ts";

const { messagesReceived, messagesSent, messageLatency } = metrics;
const { queueLength, requestsEnded, oldestRequest, replySeconds, unserved } = serviceMetrics;

/** What the seed's dashboard shows. */
export const overview: Row = {
  title: "Overview",
  panels: [
    {
      title: "Message Rate",
      description: "Messages a second, by side of the brokers. What comes in on one side leaves on the other; many requests may travel in one message.",
      unit: "cps",
      queries: {
        "received, {{side}}": `sum by (side) (rate(${messagesReceived.name}[${window}]))`,
        "sent, {{side}}": `sum by (side) (rate(${messagesSent.name}[${window}]))`,
      },
    },
    {
      title: "Queue Length",
      description: "Requests accepted and unfinished: waiting in a queue, or held by a worker. Waiting ones that grow mean too few workers.",
      unit: "short",
      queries: { "{{state}}": `sum by (state) (${queueLength.name})` },
    },
    {
      title: "Latency P95",
      description: "95 of 100 requests are answered within that time, from their arrival at a broker to their reply's leaving.",
      unit: "s",
      queries: { P95: `histogram_quantile(0.95, sum by (le) (rate(${messageLatency.name}_bucket[${window}])))` },
    },
  ],
};

export const services: Row = {
  title: "Services: $service",
  panels: [
    {
      title: "Requests by outcome",
      description: "Accepted requests that ended, a second. All but replied, cancelled and client_gone are somebody's trouble.",
      unit: "reqps",
      queries: { "{{service}} {{outcome}}": `sum by (service, outcome) (rate(${requestsEnded.name}{${chosen}}[${window}])) > 0` },
    },
    {
      title: "Waiting, by service",
      description: "Requests that wait for a worker; those of a service without any worker are shown apart.",
      unit: "short",
      queries: {
        "{{service}}": `sum by (service) (${queueLength.name}{state="waiting",${chosen}})`,
        "{{service}}, unserved": `sum by (service) (${unserved.name}{${chosen}}) > 0`,
      },
    },
    {
      title: "Oldest request",
      description: "How long the request that waits longest has waited.",
      unit: "s",
      queries: { "{{service}}": `max by (service) (${oldestRequest.name}{${chosen}})` },
    },
    {
      title: "Time to reply, on average",
      description: "From a request's arrival at a broker to its reply's leaving.",
      unit: "s",
      queries: {
        "{{service}}": `sum by (service) (rate(${replySeconds.name}{${chosen}}[${window}])) / sum by (service) (rate(${requestsEnded.name}{outcome="replied",${chosen}}[${window}]))`,
      },
    },
    {
      title: "Failing part",
      description: "The part of requests that failed, over an hour and over three days; the error budget is what the setting alerting.objectivePercent leaves.",
      unit: "percentunit",
      queries: { "1 hour": errorRatio("1h"), "3 days": errorRatio("3d") },
    },
  ],
};
