import type { System } from "./peers.ts";

export interface Row {
  readonly case: string;
  readonly system: System | string;
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Cores that each process used while it was measured; 0.9 of one is a saturated thread, 1.9 a saturated machine. */
  readonly cores: Readonly<Record<string, number>>;
  /** From the lowest to the highest of the rounds; the values above are medians. */
  readonly spread?: readonly [number, number];
  readonly note?: string;
}

export interface Target {
  readonly name: string;
  readonly case: string;
  readonly of: string;
  readonly against: string;
  /** The case of the other side, where it is another one. */
  readonly againstCase?: string;
  readonly figure: "requestsPerSecond" | "p50Ms" | "p99Ms";
  /** At least so many times the other's requests, or at most so many times the other's milliseconds. */
  readonly factor: number;
}

export interface Verdict {
  readonly target: Target;
  readonly ratio: number | undefined;
  readonly met: boolean | undefined;
}

const ours = "zeromq-stack";
const proxy = "libzmq's native proxy";

export const targets: readonly Target[] = [
  {
    name: "our peers, 1,024 outstanding, against the native proxy",
    case: "1024 outstanding, 64 B",
    of: ours,
    against: proxy,
    figure: "requestsPerSecond",
    factor: 3,
  },
  { name: "our peers, 1,024 outstanding, against NATS", case: "1024 outstanding, 64 B", of: ours, against: "NATS", figure: "requestsPerSecond", factor: 5 },
  {
    name: "our peers, 1,024 outstanding, against RabbitMQ",
    case: "1024 outstanding, 64 B",
    of: ours,
    against: "RabbitMQ",
    figure: "requestsPerSecond",
    factor: 20,
  },
  { name: "plain MDP peers", case: "64 outstanding, 64 B", of: "zeromq-stack, plain MDP peers", against: proxy, figure: "requestsPerSecond", factor: 0.7 },
  { name: "one synchronous client, p50", case: "synchronous, 64 B", of: ours, against: "NATS", figure: "p50Ms", factor: 1 },
  { name: "one synchronous client, p99", case: "synchronous, 64 B", of: ours, against: "NATS", figure: "p99Ms", factor: 0.5 },
  { name: "64 KiB against the native proxy", case: "64 outstanding, 64 KiB", of: ours, against: proxy, figure: "requestsPerSecond", factor: 0.95 },
  { name: "64 KiB against NATS", case: "64 outstanding, 64 KiB", of: ours, against: "NATS", figure: "requestsPerSecond", factor: 2 },
  { name: "1,024 clients with one outstanding each", case: "1024 clients, 64 B", of: ours, against: "NATS", figure: "requestsPerSecond", factor: 1.2 },
  { name: "CURVE, 1,024 outstanding", case: "1024 outstanding, 64 B", of: "zeromq-stack, curve", against: ours, figure: "requestsPerSecond", factor: 0.7 },
  { name: "CURVE, 1 KiB", case: "64 outstanding, 1 KiB", of: "zeromq-stack, curve", against: ours, figure: "requestsPerSecond", factor: 0.7 },
  {
    name: "a million queued",
    case: "a million queued, 100 B",
    of: ours,
    against: ours,
    againstCase: "an empty queue, 100 B",
    figure: "requestsPerSecond",
    factor: 0.8,
  },
  { name: "packing at low load, p50", case: "200 a second, 64 B", of: ours, against: "zeromq-stack, one request a message", figure: "p50Ms", factor: 1.1 },
  { name: "packing at low load, p99", case: "200 a second, 64 B", of: ours, against: "zeromq-stack, one request a message", figure: "p99Ms", factor: 1.1 },
];

/** Compares; a target whose rows were not measured has no verdict. Packing's two sides count as equal within a tenth: they differ by chance. */
export function judge(rows: readonly Row[], all: readonly Target[] = targets): Verdict[] {
  return all.map((target) => {
    const one = rows.find((row) => row.case === target.case && row.system === target.of);
    const other = rows.find((row) => row.case === (target.againstCase ?? target.case) && row.system === target.against);
    if (one === undefined || other === undefined || other[target.figure] === 0) return { target, ratio: undefined, met: undefined };
    const ratio = one[target.figure] / other[target.figure];
    return { target, ratio, met: target.figure === "requestsPerSecond" ? ratio >= target.factor : ratio <= target.factor };
  });
}
