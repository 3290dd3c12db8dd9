import type { Outcome } from "../../services/client/outbox.ts";
import type { Actor } from "./world.ts";

/** What the simulation's handlers do with a request; it stands in the request's body. */
export type Behaviour = "answer" | "long" | "fail" | "poison" | "parts" | "hang";

export interface Entry {
  readonly number: number;
  readonly behaviour: Behaviour;
  executions: number;
  parts: number;
  outcome: Outcome | undefined;
  /** A plain client gets no error; a probe is an operator's, who wants to know whether it is answered. */
  readonly whose: "ours" | "plain" | "probe";
  /** Brokers that it was sent to. */
  readonly sentTo: Set<Actor>;
  /** A broker or a worker was killed with it: it may end as "maybe". */
  harmed: boolean;
}

export class Broken extends Error {}

/** Every request, how often it was run, and how it ended: the oracle. */
export class Ledger {
  readonly entries: Entry[] = [];

  add(behaviour: Behaviour, whose: Entry["whose"] = "ours"): Entry {
    const entry: Entry = { number: this.entries.length, behaviour, executions: 0, parts: 0, outcome: undefined, whose, sentTo: new Set(), harmed: false };
    this.entries.push(entry);
    return entry;
  }

  body({ number, behaviour }: Entry): Buffer {
    return Buffer.from(`${number} ${behaviour}`);
  }

  of(body: Buffer): Entry {
    return this.entries[Number(body.toString().split(" ")[0])]!;
  }

  /** A broker is killed. */
  harm(broker: Actor): void {
    for (const entry of this.entries) if (entry.outcome === undefined && entry.sentTo.has(broker)) entry.harmed = true;
  }

  settled(entry: Entry, outcome: Outcome): void {
    if (entry.outcome !== undefined) throw new Broken(`request ${entry.number} ended twice: ${describe(entry.outcome)}, then ${describe(outcome)}`);
    entry.outcome = outcome;
    if (outcome.kind === "reply" && outcome.body.toString() !== `re ${entry.number} ${entry.parts}`)
      throw new Broken(`request ${entry.number} got ${outcome.body.toString()} after ${entry.parts} parts`);
    if (outcome.kind === "reply" && entry.executions === 0) throw new Broken(`request ${entry.number} was answered and never run`);
  }

  /** What can only be known in the end. */
  close(): void {
    for (const { outcome, number, whose, executions } of this.entries) {
      if (whose === "plain") continue;
      if (outcome === undefined) throw new Broken(`request ${number} never ended`);
      if (outcome.kind === "error" && outcome.executed === "no" && executions > 0)
        throw new Broken(`request ${number} ended with ${outcome.name}, executed no, and ran ${executions} times`);
    }
  }

  /** Nothing is lost, and nothing run again, but what was in the hands of a process that was killed. */
  closeWithoutLoss(): void {
    for (const { outcome, number, whose, harmed, executions } of this.entries) {
      if (whose !== "ours" || harmed) continue;
      if (executions > 1) throw new Broken(`request ${number} was run ${executions} times and nobody was killed with it`);
      if (outcome?.kind === "error") throw new Broken(`request ${number} was lost and nobody was killed with it: ${describe(outcome)}: ${outcome.message}`);
    }
  }

  summary(): Summary {
    const errors: Record<string, number> = {};
    let replies = 0;
    let repeated = 0;
    let requests = 0;
    for (const { outcome, executions, whose } of this.entries) {
      if (whose === "probe") continue;
      requests += 1;
      repeated += Math.max(0, executions - 1);
      if (outcome?.kind === "reply") replies += 1;
      else if (outcome !== undefined) errors[describe(outcome)] = (errors[describe(outcome)] ?? 0) + 1;
    }
    return { requests, replies, errors, repeated };
  }
}

export interface Summary {
  readonly requests: number;
  readonly replies: number;
  /** Ended with an error, by name. */
  readonly errors: Readonly<Record<string, number>>;
  /** Runs beyond the first of a request. */
  readonly repeated: number;
}

export function describe(outcome: Outcome): string {
  return outcome.kind === "reply" ? "reply" : `${outcome.name} (${outcome.executed})`;
}
