import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkout, paths } from "./paths.ts";
import { output } from "./run.ts";

/** The outcome of asking for the genuine plugins; asked again when their versions change or after `down --all`. */
const record = join(paths.state, "plugins.json");

interface Outcome {
  readonly wanted: string;
  /** The plugins for which a stand-in of `local/standin` is used. */
  readonly standIns: readonly string[];
}

function wanted(): Record<string, string> {
  const { dependencies } = JSON.parse(readFileSync(join(checkout, "package.json"), "utf8"));
  return { kubernetes: dependencies["@pulumi/kubernetes"], docker: dependencies["@pulumi/docker"] };
}

function outcome(): Outcome | undefined {
  if (!existsSync(record)) return undefined;
  const known = JSON.parse(readFileSync(record, "utf8")) as Outcome;
  return known.wanted === JSON.stringify(wanted()) ? known : undefined;
}

export function pluginsAreKnown(): boolean {
  return outcome() !== undefined;
}

export function standInsNeeded(): boolean {
  return (outcome()?.standIns.length ?? 0) > 0;
}

/** Installs the genuine provider plugins and looks for the genuine language host; returns what is stood in for. */
export async function ensurePlugins(env: Record<string, string>, languageHost: boolean, onLine: (line: string) => void): Promise<readonly string[]> {
  const known = outcome();
  if (known !== undefined) return known.standIns;
  const standIns = languageHost ? [] : ["language host nodejs"];
  for (const [name, version] of Object.entries(wanted())) {
    onLine(`asking for ${name} ${version}`);
    const installed = await output(["pulumi", "plugin", "install", "resource", name, version], env, 300_000);
    if (installed === undefined) standIns.push(`provider ${name}`);
  }
  mkdirSync(paths.state, { recursive: true });
  writeFileSync(record, JSON.stringify({ wanted: JSON.stringify(wanted()), standIns } satisfies Outcome));
  return standIns;
}
