import { Refusal } from "./command.ts";

/** Which key pairs of the brokers the settings name, by number. */
export interface ServerKeys {
  /** The one that peers use first. */
  readonly inUse: number;
  /** Another one that brokers have as well: a higher number is the next one, a lower one the last. */
  readonly other: number | undefined;
}

/** The steps of a rotation, in their order, and what each says of itself. */
export const steps = {
  next: "brokers get the next key beside the one in use, and clients and workers learn it",
  promote: "clients and workers use the next key first; the old one still opens",
  finish: "the old key opens no more",
} as const;
export type Step = keyof typeof steps;

export function isStep(word: string | undefined): word is Step {
  return word !== undefined && Object.hasOwn(steps, word);
}

/** The step that is due. */
export function due({ inUse, other }: ServerKeys): Step {
  if (other === undefined) return "next";
  return other > inUse ? "promote" : "finish";
}

/** The keys after a step. @throws Refusal where another one is due */
export function after(keys: ServerKeys, step: Step): ServerKeys {
  const expected = due(keys);
  if (step !== expected) throw new Refusal(`the step that is due is ${expected}: ${steps[expected]}`);
  if (step === "next") return { inUse: keys.inUse, other: keys.inUse + 1 };
  return step === "promote" ? { inUse: keys.other!, other: keys.inUse } : { inUse: keys.inUse, other: undefined };
}
