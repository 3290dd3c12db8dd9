/** A query that Prometheus asks again and again and keeps the answers of; its name is `level:metric:operation`. */
export interface RecordingRule {
  readonly record: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** `critical`: somebody must look now. `warning`: somebody must look today. `none`: for machines. */
export type Severity = "critical" | "warning" | "none";

/** What somebody is told; its runbook is `monitoring/runbooks/<alert>.md`. */
export interface Alert {
  readonly alert: string;
  readonly severity: Severity;
  readonly expr: string;
  /** How long it must be so. */
  readonly for?: string;
  /** One line, with what it is about: `{{ $labels.service }}`. */
  readonly summary: string;
  /** What it means for those who use the stack. */
  readonly description: string;
}

export interface Group {
  readonly name: string;
  readonly rules: readonly (RecordingRule | Alert)[];
}
