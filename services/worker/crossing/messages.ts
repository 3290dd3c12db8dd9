import type { MessagePort } from "node:worker_threads";
import type { WorkerOutcome } from "../../contract/metrics.ts";
import type { CurveSource } from "../../transport/peer-keys.ts";
import type { ReplyMemory } from "./replies.ts";
import type { RequestBatch } from "./requests.ts";

/** What the connection's thread is started with. */
export interface ThreadData {
  readonly port: MessagePort;
  readonly replies: ReplyMemory;
  readonly slots: SharedArrayBuffer;
  readonly slotCount: number;
  readonly service: string;
  readonly brokers: readonly string[];
  readonly concurrency: number;
  readonly heartbeatIntervalMs: number;
  readonly heartbeatLiveness: number;
  readonly maxBodyBytes: number;
  readonly receiveTimeoutMs: number;
  readonly sendTimeoutMs: number;
  readonly curve: CurveSource | undefined;
}

export interface ToThread {
  readonly kind: "stop";
  readonly graceMs: number;
}

export type FromThread =
  | { readonly kind: "requests"; readonly batch: RequestBatch }
  | { readonly kind: "log"; readonly level: "debug" | "info" | "warn" | "error"; readonly message: string; readonly fields: Record<string, unknown> }
  | { readonly kind: "outcomes"; readonly counts: readonly (readonly [WorkerOutcome, number])[] }
  | { readonly kind: "stopped"; readonly finished: boolean };
