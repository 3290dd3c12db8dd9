import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { interruption } from "./interruption.ts";
import { checkout, paths } from "./paths.ts";

/** The outcome of asking for the genuine plugins; asked again a day later, and when their versions change. */
const record = join(paths.state, "plugins.json");
const askAgainAfterMs = 24 * 3_600_000;

/** A plugin for which there is a stand-in, in a folder of this name below `standin/bin`. */
type StandIn = "language-nodejs" | "kubernetes" | "docker";

interface Outcome {
  readonly wanted: string;
  readonly askedAtMs: number;
  readonly standIns: readonly StandIn[];
}

function wanted(): Record<"kubernetes" | "docker", string> {
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

/** The folders that join PATH: Pulumi prefers what it finds there, so only those whose genuine plugin is not to be had. */
export function standInFolders(): string[] {
  return (outcome()?.standIns ?? []).map((name) => join(checkout, "local/standin/bin", name));
}

/** Installs the genuine provider plugins and looks for the genuine language host; returns what is stood in for. */
export async function ensurePlugins(env: Record<string, string>, languageHost: boolean, onLine: (line: string) => void): Promise<readonly StandIn[]> {
  const known = outcome();
  const languageHostAsBefore = known?.standIns.includes("language-nodejs") === !languageHost;
  if (known !== undefined && languageHostAsBefore && (known.standIns.length === 0 || Date.now() - known.askedAtMs < askAgainAfterMs)) return known.standIns;
  const standIns: StandIn[] = languageHost ? [] : ["language-nodejs"];
  for (const [name, version] of Object.entries(wanted()) as [StandIn, string][]) {
    onLine(`asking for ${name} ${version}`);
    const result = await execa("pulumi", ["plugin", "install", "resource", name, version], { env, reject: false, stdin: "ignore", timeout: 300_000 });
    if (result.isTerminated && !result.timedOut) throw interruption;
    if (result.failed) standIns.push(name);
  }
  mkdirSync(paths.state, { recursive: true });
  writeFileSync(record, JSON.stringify({ wanted: JSON.stringify(wanted()), askedAtMs: Date.now(), standIns } satisfies Outcome));
  return standIns;
}
