import { join, resolve } from "node:path";
import type { Running } from "../infra/specs/trafficText.ts";
import { type Color, colors } from "../services/contract/names.ts";
import { checkout, output, Refusal, shown, type Target } from "./command.ts";

/** What a stack gives out: see infra/index.ts. */
export interface Outputs extends Running {
  readonly namespace: string;
  readonly kubeContext: string;
  readonly serverKeys: readonly string[];
}

/** @throws Refusal where no update went through yet */
export async function outputsOf({ stack }: Target): Promise<Outputs> {
  const outputs = JSON.parse(await output("pulumi", ["stack", "output", "--json", ...stack])) as Partial<Outputs>;
  if (outputs.activeColor === undefined || outputs.images === undefined) throw new Refusal("no update of this stack went through yet: pulumi up");
  return outputs as Outputs;
}

/** The stack's name, without what a backend puts before it. @throws Refusal where there is no such stack, or none is selected */
export async function nameOf({ stack }: Target): Promise<string> {
  return (await output("pulumi", ["stack", "--show-name", ...stack])).split("/").at(-1)!;
}

/** Where its settings stand. */
export function settingsFile({ configFile }: Target, name: string): string {
  return configFile[1] === undefined ? join(checkout, `Pulumi.${name}.yaml`) : resolve(checkout, configFile[1]);
}

/** A setting's value; nothing where it has its default. `path` as in `pulumi config get --path`. */
export async function setting({ stack, configFile }: Target, path: string): Promise<string | undefined> {
  return output("pulumi", ["config", "get", "--path", path, ...stack, ...configFile]).catch((error: unknown) => {
    if (error instanceof Refusal && error.message.includes("not found")) return undefined;
    throw error;
  });
}

/** Sets all of them or, where this is interrupted, none. `values`: by path. */
export async function set({ stack, configFile }: Target, values: Readonly<Record<string, string>>): Promise<void> {
  const words = Object.entries(values).flatMap(([path, value]) => ["--plaintext", `${path}=${value}`]);
  await output("pulumi", ["config", "set-all", "--path", ...words, ...stack, ...configFile]);
}

export async function unset({ stack, configFile }: Target, path: string): Promise<void> {
  await output("pulumi", ["config", "rm", "--path", path, ...stack, ...configFile]);
}

/** An update in front of the person who called. @returns whether it went through */
export function update({ stack, configFile }: Target, options: readonly string[] = []): Promise<boolean> {
  return shown("pulumi", ["up", "--yes", "--skip-preview", ...options, ...stack, ...configFile]);
}

/** The one word that a command takes, a colour. @throws Refusal */
export function colorOf({ words }: Target, usage: string): Color {
  const [color, ...rest] = words;
  if (rest.length === 0 && (colors as readonly (string | undefined)[]).includes(color)) return color as Color;
  throw new Refusal(`${words.length === 0 ? "which colour?" : `${words.join(" ")} is no colour`} ${colors.join(" or ")}\n\n${usage}`);
}

/** The one word that a command takes, a directory, seen from where it was called. @throws Refusal */
export function directoryOf({ words }: Target, usage: string): string {
  const [directory, ...rest] = words;
  if (directory === undefined || rest.length > 0)
    throw new Refusal(`${directory === undefined ? "which directory?" : `${words.join(" ")} is no one directory`}\n\n${usage}`);
  return resolve(process.env["INIT_CWD"] ?? ".", directory);
}
