import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "./client.ts";
import type { ClientOptions } from "./client.ts";
import { addressesOf, stateOf } from "./every-broker.ts";

const pauseMs = 250;
/** What one try may take of the time for all. */
const tryMs = 5_000;

export interface CheckOptions {
  readonly endpoint: string;
  readonly curve: ClientOptions["curve"];
  /** Asks each of so many brokers behind the name, by its own address; without it `times` connections go to the name. */
  readonly brokers: number | undefined;
  readonly times: number;
  readonly color: string;
  /** Nothing: only the brokers themselves are asked who they are. */
  readonly service: string | undefined;
  readonly body: string;
  /** The one right reply; any is right without it. */
  readonly reply: string | undefined;
  readonly withinMs: number;
  onAnswer(text: string): void;
}

/** It will not get better by waiting. */
export class WrongAnswer extends Error {}

/** Resolves when every broker that is asked has the colour and answers rightly. @throws Error: which one does not, and what it said */
export async function check(options: CheckOptions): Promise<void> {
  const { endpoint, brokers, times, withinMs, onAnswer } = options;
  const endsAtMs = performance.now() + withinMs;
  const answered = new Map<string, string>();
  for (;;) {
    const leftMs = endsAtMs - performance.now();
    let problem: string | undefined;
    let targets = Array.from({ length: times }, () => endpoint);
    if (brokers !== undefined) {
      targets = await addressesOf(endpoint).catch((error: NodeJS.ErrnoException) => {
        problem = `the name in ${endpoint} cannot be resolved (${error.code ?? error.message})`;
        return [];
      });
      problem ??= targets.length < brokers ? `${targets.length} of ${brokers} brokers are ready behind ${endpoint}` : undefined;
    }
    for (const [index, target] of targets.entries()) {
      const key = brokers === undefined ? `${target} ${index}` : target;
      if (problem !== undefined || answered.has(key)) continue;
      const outcome = await ask(target, options, Math.min(tryMs, Math.max(pauseMs, leftMs)));
      if (typeof outcome === "string") problem = outcome;
      else answered.set(key, outcome.text);
      if (typeof outcome !== "string") onAnswer(outcome.text);
    }
    if (problem === undefined) return;
    if (performance.now() + pauseMs >= endsAtMs) throw new Error(`${problem}; that was so for ${Math.round(withinMs / 1000)} s`);
    await sleep(pauseMs);
  }
}

/** @returns what is wrong, or what was answered. */
async function ask(target: string, { curve, color, service, body, reply }: CheckOptions, timeoutMs: number): Promise<string | { text: string }> {
  const { status, problem } = await stateOf(target, curve, timeoutMs);
  if (status === undefined) return problem!;
  if (status.color !== color) return `the broker behind ${target} is ${status.color}, not ${color}`;
  const who = `${status.color} broker ${status.instance}, version ${status.version}, at ${target}`;
  if (service === undefined) return { text: who };
  const client = createClient({ endpoints: [target], curve });
  try {
    const startedAtMs = performance.now();
    const answer = (await client.request(service, body, { timeoutMs })).toString();
    if (reply !== undefined && answer !== reply) {
      throw new WrongAnswer(`service ${JSON.stringify(service)} through the ${who} answers ${shortened(answer)}; right is ${shortened(reply)}`);
    }
    return { text: `${who}: ${JSON.stringify(service)} answered in ${(performance.now() - startedAtMs).toFixed(1)} ms` };
  } catch (error) {
    if (error instanceof WrongAnswer) throw error;
    return (error as Error).message;
  } finally {
    client.close();
  }
}

const shortened = (text: string): string => JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text);
