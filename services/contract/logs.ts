/**
 * Fields of our log lines: the name that stands in the line, and how a store of logs keeps it. `word` is found as a whole, `text` by
 * its words. What is not here may stand in a line, too; it is kept and shown, but not searched.
 */
export const logFields = {
  /** The seed's, in every line. */
  timestamp: { name: "timestamp", kind: "time" },
  level: { name: "level", kind: "word" },
  logger: { name: "logger", kind: "word" },
  message: { name: "message", kind: "text" },
  module: { name: "module", kind: "word" },
  function: { name: "function", kind: "word" },
  line: { name: "line", kind: "number" },
  /** In every line of a broker, and in a worker's that are about one broker's request. */
  color: { name: "color", kind: "word" },
  /** In every line that is about a request: `<16 hexadecimal digits>-<number>`, the same at client, broker and worker. */
  requestId: { name: "request_id", kind: "word" },
  service: { name: "service", kind: "word" },
  worker: { name: "worker", kind: "word" },
  outcome: { name: "outcome", kind: "word" },
  bound: { name: "bound", kind: "word" },
  side: { name: "side", kind: "word" },
  remote: { name: "remote", kind: "word" },
  broker: { name: "broker", kind: "word" },
  reason: { name: "reason", kind: "text" },
  milliseconds: { name: "milliseconds", kind: "number" },
  bytes: { name: "bytes", kind: "number" },
  /** Lines of the same kind that were left out before this one. */
  suppressed: { name: "suppressed", kind: "number" },
  /** An error: `type`, `code` and `stack`; `message` only where its author wrote it for others to read. */
  error: { name: "err", kind: "object" },
} as const satisfies Record<string, LogField>;

export interface LogField {
  readonly name: string;
  readonly kind: "time" | "word" | "text" | "number" | "object";
}

/** A request's name in everybody's logs, from the instance of its client (8 bytes, or 16 hexadecimal digits) and the client's own number for it. */
export function requestIdOf(instance: Buffer | string, id: number): string {
  return `${typeof instance === "string" ? instance : instance.toString("hex")}-${id}`;
}
