/** What rules, dashboards and configuration need to know of a stack. */
export interface Monitored {
  readonly namespace: string;
  readonly scrapeIntervalSeconds: number;
  /** Percentage of requests that must end well over 30 days. */
  readonly objectivePercent: number;
  /** Seconds that a request may wait in a queue. */
  readonly oldestRequestSeconds: number;
  /** Seconds within which a switch's clients leave the old colour. */
  readonly leavingSeconds: number;
  /** Unfinished requests of a service for each of its workers, beyond which there should be more workers. */
  readonly queueLength: number;
  /** Services whose number of workers has a most; none where nothing scales them. */
  readonly scaled: readonly { readonly service: string; readonly maxReplicas: number }[];
  /** What servers of the stack show to the API server, and until when (seconds since 1970). */
  readonly certificates: readonly { readonly host: string; readonly expiresAtSeconds: number }[];
  /** Days after which CURVE keys should be replaced. */
  readonly keyDays: number;
  /** Where the runbooks can be read. */
  readonly runbooks: string;
  readonly alertmanager: boolean;
  readonly grafana: boolean;
}
