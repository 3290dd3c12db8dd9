import type { Outcome } from "../../services/client/outbox.ts";

/** What the simulation's handlers do with a request; it stands in the request's body. */
export type Behaviour = "answer" | "fail" | "poison" | "parts" | "hang";

export interface Entry {
  readonly number: number;
  readonly behaviour: Behaviour;
  executions: number;
  parts: number;
  outcome: Outcome | undefined;
  /** A plain client's: it gets no error. */
  readonly plain: boolean;
}

export class Broken extends Error {}

/** Every request, how often it was run, and how it ended: the oracle. */
export class Ledger {
  readonly entries: Entry[] = [];

  add(behaviour: Behaviour, plain = false): Entry {
    const entry: Entry = { number: this.entries.length, behaviour, executions: 0, parts: 0, outcome: undefined, plain };
    this.entries.push(entry);
    return entry;
  }

  body({ number, behaviour }: Entry): Buffer {
    return Buffer.from(`${number} ${behaviour}`);
  }

  of(body: Buffer): Entry {
    return this.entries[Number(body.toString().split(" ")[0])]!;
  }

  settled(entry: Entry, outcome: Outcome): void {
    if (entry.outcome !== undefined) throw new Broken(`request ${entry.number} ended twice: ${describe(entry.outcome)}, then ${describe(outcome)}`);
    entry.outcome = outcome;
    if (outcome.kind === "reply" && outcome.body.toString() !== `re ${entry.number} ${entry.parts}`) throw new Broken(`request ${entry.number} got ${outcome.body.toString()} after ${entry.parts} parts`);
    if (outcome.kind === "reply" && entry.executions === 0) throw new Broken(`request ${entry.number} was answered and never run`);
  }

  /** What can only be known in the end. */
  close(): void {
    for (const entry of this.entries) {
      const { outcome, number } = entry;
      if (entry.plain) continue;
      if (outcome === undefined) throw new Broken(`request ${number} never ended`);
      if (outcome.kind === "error" && outcome.executed === "no" && entry.executions > 0) throw new Broken(`request ${number} ended with ${outcome.name}, executed no, and ran ${entry.executions} times`);
    }
  }
}

export function describe(outcome: Outcome): string {
  return outcome.kind === "reply" ? "reply" : `${outcome.name} (${outcome.executed})`;
}
