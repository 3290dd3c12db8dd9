/** Series in promtool's notation, a value each `every`, and the time at which one looks. */
export interface Situation {
  readonly series: Record<string, string>;
  readonly at: string;
  readonly every?: string;
}

export interface Case {
  /** Labels that the alert has besides its name and severity. */
  readonly labels: Record<string, string>;
  readonly fires: Situation;
  readonly silent: Record<string, Situation>;
}

const failed = 'zeromq_requests_ended_total{outcome="failed",service="gzip"}';
const replied = 'zeromq_requests_ended_total{outcome="replied",service="gzip"}';
/** Brokers show this always, too. */
const quiet = { 'zeromq_requests_rejected_total{bound="MAX_QUEUED_REQUESTS"}': "0x500" };
const waiting = 'zeromq_queue_length{state="waiting",service="gzip"}';
const worker = (pod: string): string => `zeromq_worker_brokers{service="gzip",pod="${pod}"}`;
const broker = (pod: string): string => `up{job="zeromq-broker",pod="${pod}"}`;
const connections = 'zeromq_active_connections{side="frontend",color="blue",pod="b"}';
const standby = 'zeromq_role{role="standby",color="blue",pod="b"}';
const created = "zeromq_curve_keys_created_timestamp_seconds";

/** When each alert fires, and when, though it is near, it does not. */
export const cases: Record<string, Case> = {
  ZeromqBrokerDown: {
    labels: { job: "zeromq-broker", pod: "b" },
    fires: { series: { [broker("b")]: "0x5" }, at: "4m" },
    silent: { "it misses single scrapes": { series: { [broker("b")]: "1 0 1 0 1 0" }, at: "5m" } },
  },
  ZeromqNoBroker: {
    labels: {},
    fires: { series: { [broker("a")]: "0x5", [broker("b")]: "0x5" }, at: "3m" },
    silent: { "one answers": { series: { [broker("a")]: "0x5", [broker("b")]: "1x5" }, at: "3m" } },
  },
  ZeromqMetricAbsent: {
    labels: {},
    fires: { series: { [broker("b")]: "1x10" }, at: "7m" },
    silent: { "it is 0": { series: { [waiting]: "0x10" }, at: "7m" } },
  },
  ZeromqEventLoopSlow: {
    labels: { job: "zeromq-broker" },
    fires: { series: { 'nodejs_eventloop_lag_p99_seconds{job="zeromq-broker"}': "0.3x20" }, at: "12m" },
    silent: {
      "it is a little late": { series: { 'nodejs_eventloop_lag_p99_seconds{job="zeromq-broker"}': "0.2x20" }, at: "12m" },
      "a worker is late, whose handlers may compute": { series: { 'nodejs_eventloop_lag_p99_seconds{job="zeromq-worker"}': "3x20" }, at: "12m" },
    },
  },
  ZeromqHandshakeFailures: {
    labels: { side: "frontend" },
    fires: { series: { 'zeromq_handshake_failures_total{side="frontend"}': "0+30x20" }, at: "12m" },
    silent: { "six a minute fail": { series: { 'zeromq_handshake_failures_total{side="frontend"}': "0+6x20" }, at: "12m" } },
  },
  ZeromqStandbyHasClients: {
    labels: { color: "blue" },
    fires: { series: { [connections]: "2x30", [standby]: "1x30" }, at: "20m" },
    silent: {
      "its colour is active": { series: { [connections]: "2x30", [standby]: "0x30" }, at: "20m" },
      "nobody is connected": { series: { [connections]: "0x30", [standby]: "1x30" }, at: "20m" },
      "the switch was just now": { series: { [connections]: "2x30", [standby]: "0x15 1x15" }, at: "20m" },
    },
  },
  ZeromqCurveKeysOld: {
    labels: {},
    fires: { series: { [created]: "1x400" }, at: "367d", every: "1d" },
    silent: {
      "they are younger": { series: { [created]: "1x400" }, at: "364d", every: "1d" },
      "there are none": { series: { [created]: "0x400" }, at: "367d", every: "1d" },
    },
  },
  ServingCertificateExpires: {
    labels: { host: "metrics-server.zeromq.svc" },
    fires: { series: { up: "1x400" }, at: "372d", every: "1d" },
    silent: { "it lasts for more than a month": { series: { up: "1x400" }, at: "369d", every: "1d" } },
  },
  ZeromqServiceWithoutWorkers: {
    labels: { service: "gzip" },
    fires: { series: { 'zeromq_unserved_requests{service="gzip"}': "3x5" }, at: "3m" },
    silent: { "a worker comes within a minute": { series: { 'zeromq_unserved_requests{service="gzip"}': "3 0 3 0 3 0" }, at: "4m" } },
  },
  ZeromqQueueGrowing: {
    labels: { service: "gzip", state: "waiting" },
    fires: { series: { [waiting]: "101+10x40" }, at: "25m" },
    silent: {
      "it is long but shrinks": { series: { [waiting]: "5000-10x40" }, at: "25m" },
      "it grows but is short": { series: { [waiting]: "0+2x40" }, at: "25m" },
      "what grows is with workers": { series: { 'zeromq_queue_length{state="held",service="gzip"}': "101+10x40" }, at: "25m" },
    },
  },
  ZeromqOldestRequestTooOld: {
    labels: { service: "gzip" },
    fires: {
      series: { 'zeromq_oldest_request_age_seconds{service="gzip",pod="a"}': "0x5", 'zeromq_oldest_request_age_seconds{service="gzip",pod="b"}': "16x5" },
      at: "4m",
    },
    silent: { "it waits less": { series: { 'zeromq_oldest_request_age_seconds{service="gzip",pod="b"}': "14x5" }, at: "4m" } },
  },
  ZeromqRequestsRefused: {
    labels: { bound: "MAX_QUEUED_BYTES" },
    fires: { series: { 'zeromq_requests_rejected_total{bound="MAX_QUEUED_BYTES"}': "0+60x20" }, at: "12m" },
    silent: {
      "it was once": { series: { 'zeromq_requests_rejected_total{bound="MAX_QUEUED_BYTES"}': "0 1000x20" }, at: "15m" },
      "a worker is refused, no request": { series: { 'zeromq_requests_rejected_total{bound="MAX_WORKERS"}': "0+60x20" }, at: "12m" },
    },
  },
  ZeromqRedeliveryStorm: {
    labels: { service: "gzip" },
    fires: { series: { 'zeromq_redeliveries_total{service="gzip"}': "0+60x20", [replied]: "0+600x20" }, at: "12m" },
    silent: {
      "it is one in a hundred": { series: { 'zeromq_redeliveries_total{service="gzip"}': "0+60x20", [replied]: "0+6000x20" }, at: "12m" },
      "there is next to no load": { series: { 'zeromq_redeliveries_total{service="gzip"}': "0+1x20", [replied]: "0+1x20" }, at: "12m" },
    },
  },
  ZeromqErrorBudgetBurnsFast: {
    labels: {},
    fires: { series: { ...quiet, [failed]: "0+2x120", [replied]: "0+98x120" }, at: "65m" },
    silent: {
      "five in a thousand fail": { series: { ...quiet, [failed]: "0+5x400", [replied]: "0+995x400" }, at: "390m" },
      "it is over": { series: { ...quiet, [failed]: "0+2x60 120x40", [replied]: "0+98x100" }, at: "95m" },
      "clients cancel": {
        series: { ...quiet, 'zeromq_requests_ended_total{outcome="cancelled",service="gzip"}': "0+50x120", [replied]: "0+50x120" },
        at: "65m",
      },
    },
  },
  ZeromqErrorBudgetBurnsSlowly: {
    labels: {},
    fires: { series: { ...quiet, [failed]: "0+2x500", [replied]: "0+998x500" }, at: "420m" },
    silent: {
      "one in two thousand fails": { series: { ...quiet, [failed]: "0+1x500", [replied]: "0+1999x500" }, at: "420m" },
      "nothing is asked": { series: { ...quiet, [failed]: "0x500", [replied]: "0x500" }, at: "420m" },
    },
  },
  ZeromqWorkerWithoutBroker: {
    labels: { service: "gzip", pod: "w" },
    fires: { series: { [worker("w")]: "0x5" }, at: "4m" },
    silent: { "it has one": { series: { [worker("w")]: "1x5" }, at: "4m" } },
  },
  ZeromqWorkersAtMaximum: {
    labels: { service: "gzip" },
    fires: { series: { [worker("v")]: "1x30", [worker("w")]: "1x30" }, at: "20m" },
    silent: { "there may be one more": { series: { [worker("v")]: "1x30" }, at: "20m" } },
  },
  MonitoringDown: {
    labels: { job: "alertmanager" },
    fires: { series: { 'up{job="alertmanager"}': "0x10" }, at: "7m" },
    silent: { "it answers": { series: { 'up{job="alertmanager"}': "1x10" }, at: "7m" } },
  },
  PrometheusConfigurationStale: {
    labels: {},
    fires: { series: { prometheus_config_last_reload_successful: "0x10" }, at: "7m" },
    silent: { "it is the present one": { series: { prometheus_config_last_reload_successful: "1x10" }, at: "7m" } },
  },
  PrometheusRulesFail: {
    labels: { rule_group: "g" },
    fires: { series: { 'prometheus_rule_evaluation_failures_total{rule_group="g"}': "0+1x20" }, at: "12m" },
    silent: { "it was long ago": { series: { 'prometheus_rule_evaluation_failures_total{rule_group="g"}': "0 5x30" }, at: "25m" } },
  },
  PrometheusScrapesRefused: {
    labels: {},
    fires: { series: { prometheus_target_scrapes_exceeded_sample_limit_total: "0+1x20" }, at: "12m" },
    silent: { "none is": { series: { prometheus_target_scrapes_exceeded_sample_limit_total: "7x20" }, at: "12m" } },
  },
  PrometheusStorageFails: {
    labels: {},
    fires: { series: { prometheus_tsdb_compactions_failed_total: "0 1x30", prometheus_tsdb_wal_writes_failed_total: "0x30" }, at: "12m" },
    silent: { "it writes": { series: { prometheus_tsdb_compactions_failed_total: "1x30", prometheus_tsdb_wal_writes_failed_total: "1x30" }, at: "12m" } },
  },
  PrometheusAlertsNotSent: {
    labels: {},
    fires: { series: { prometheus_notifications_alertmanagers_discovered: "0x10" }, at: "7m" },
    silent: {
      "it hands them over": {
        series: {
          prometheus_notifications_alertmanagers_discovered: "1x10",
          prometheus_notifications_errors_total: "3x10",
          prometheus_notifications_dropped_total: "3x10",
        },
        at: "7m",
      },
    },
  },
  AlertmanagerNotificationsFail: {
    labels: { integration: "webhook" },
    fires: { series: { 'alertmanager_notifications_failed_total{integration="webhook"}': "0+1x20" }, at: "12m" },
    silent: { "none does": { series: { 'alertmanager_notifications_failed_total{integration="webhook"}': "4x20" }, at: "12m" } },
  },
  // It is there so that it never falls silent.
  Watchdog: { labels: {}, fires: { series: {}, at: "1m" }, silent: {} },
};
