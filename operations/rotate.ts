/** `npm run rotate`: gives the brokers another CURVE key, step by step, without a request lost. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Found } from "../services/client/every-broker.ts";
import { brokers } from "./brokers.ts";
import { command, Refusal, type Target } from "./command.ts";
import { after, due, isStep, type ServerKeys, type Step, steps } from "./rotation.ts";
import { type Outputs, outputsOf, set, setting, unset, update } from "./stack.ts";

const usage = `npm run rotate [-- STEP] [--stack NAME] [--config-file FILE]

${Object.entries(steps)
  .map(([step, text]) => `  ${step.padEnd(8)} ${text}`)
  .join("\n")}

Without a step it tells which one is due and who came in by which key. Each step is a Pulumi update, and waits until every broker
has its keys. Between next and finish, give the clients that are not ours, or not here, their new CURVE_SERVER_KEY: npm run clients -- keys NAME`;

/** The kubelet brings changed files to the pods within a minute and a half. */
const patienceMs = 180_000;
const lookEveryMs = 2_000;
const paths = { inUse: "curve.serverKey", other: "curve.otherServerKey" } as const;

async function keysOf(target: Target): Promise<ServerKeys> {
  const [inUse, other] = [await setting(target, paths.inUse), await setting(target, paths.other)];
  return { inUse: Number(inUse ?? 1), other: other === undefined ? undefined : Number(other) };
}

async function take(target: Target, step: Step): Promise<void> {
  const next = after(await keysOf(target), step);
  if (next.other === undefined) await unset(target, paths.other);
  else await set(target, { [paths.inUse]: String(next.inUse), [paths.other]: String(next.other) });
  if (!(await update(target))) throw new Refusal("\nThe update failed. Once it goes through (pulumi up), the step is done.");
}

/** Whether a broker has these keys, and no others. */
function has({ status }: Found, keys: readonly string[]): boolean {
  const accepted = status?.serverKeys.filter((one) => one.accepted).map(({ publicKey }) => publicKey);
  return accepted !== undefined && accepted.join() === keys.join();
}

async function everyBrokerHas(outputs: Outputs): Promise<void> {
  const endsAtMs = performance.now() + patienceMs;
  for (let said = ""; ; await sleep(lookEveryMs)) {
    const found = await brokers(outputs);
    const count = found.filter((one) => has(one, outputs.serverKeys)).length;
    const text = `${count} of ${found.length} brokers have the keys`;
    if (text !== said) console.log(text);
    said = text;
    if (found.length > 0 && count === found.length) return;
    if (performance.now() > endsAtMs) throw new Refusal("some brokers do not have the keys yet: look at their logs (server keys), and do not go on before");
  }
}

/** A line for each key: who is connected by it. A connection stays when its key goes; only who comes back needs another. */
function uses(found: readonly Found[]): string {
  const counts = new Map<string, number>();
  for (const { publicKey, frontend, backend } of found.flatMap(({ status }) => status?.serverKeys ?? []))
    counts.set(publicKey, (counts.get(publicKey) ?? 0) + frontend + backend);
  return [...counts].map(([key, count]) => `  ${key}  ${count} connections came in by it`).join("\n");
}

await command(usage, [], async (target) => {
  const [step, ...rest] = target.words;
  if (rest.length > 0 || (step !== undefined && !isStep(step))) throw new Refusal(`${target.words.join(" ")} is no step\n\n${usage}`);
  if (step !== undefined) await take(target, step as Step);
  const outputs = await outputsOf(target);
  if (step !== undefined) await everyBrokerHas(outputs);
  console.log(uses(await brokers(outputs)));
  const expected = due(await keysOf(target));
  console.log(step === "finish" ? "The old key opens no more." : `Due: npm run rotate -- ${expected} (${steps[expected]})`);
});
