import { join } from "node:path";
import { parseArgs } from "node:util";
import { execa, ExecaError } from "execa";

/** An error that is meant for the person at the terminal. */
export class Refusal extends Error {}

/** The stack that a command works on: Pulumi's selected one, unless it is named. */
export interface Target {
  /** What stands before any option, such as a colour. */
  readonly words: readonly string[];
  readonly flags: ReadonlySet<string>;
  /** `--stack` and `--config-file` as Pulumi takes them. */
  readonly stack: readonly string[];
  readonly configFile: readonly string[];
}

export const checkout = join(import.meta.dirname, "..");

/** Runs one of the commands: what it was given, its help, and how it fails. */
export async function command(usage: string, flags: readonly string[], work: (target: Target) => Promise<void>): Promise<void> {
  await told(usage, async () => {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        stack: { type: "string" },
        "config-file": { type: "string" },
        help: { type: "boolean", default: false },
        ...Object.fromEntries(flags.map((flag) => [flag, { type: "boolean" as const, default: false }])),
      },
    });
    if (values.help) return console.log(usage);
    const given = (name: "stack" | "config-file"): string[] => (values[name] === undefined ? [] : [`--${name}`, values[name]]);
    await work({
      words: positionals,
      flags: new Set(flags.filter((flag) => (values as Record<string, unknown>)[flag] === true)),
      stack: given("stack"),
      configFile: given("config-file"),
    });
  });
}

/**
 * Does a command's work, and tells how it failed. Exit codes: 1 failed, 2 wrong usage.
 * @param words what is said of an error
 */
export async function told(
  usage: string,
  work: () => Promise<void>,
  words = (error: unknown): unknown => (error instanceof Refusal ? error.message : error),
): Promise<void> {
  try {
    await work();
  } catch (error) {
    const misspelt = (error as { code?: string }).code?.startsWith("ERR_PARSE_ARGS") === true;
    console.error(misspelt ? `${(error as Error).message}\n\n${usage}` : words(error));
    process.exitCode = misspelt ? 2 : 1;
  }
}

/** A command's standard output. @throws Refusal with what it said */
export async function output(program: string, args: readonly string[], input?: string): Promise<string> {
  try {
    return (await execa(program, args, { cwd: checkout, ...(input === undefined ? { stdin: "ignore" as const } : { input }) })).stdout;
  } catch (error) {
    throw refusal(program, error);
  }
}

/** Runs a command in front of the person who called. @returns whether it did what it should */
export async function shown(program: string, args: readonly string[]): Promise<boolean> {
  const result = await execa(program, args, { cwd: checkout, stdio: "inherit", reject: false });
  if (result.code === "ENOENT") throw refusal(program, result);
  return !result.failed;
}

function refusal(program: string, error: unknown): unknown {
  if (!(error instanceof ExecaError)) return error;
  if (error.code === "ENOENT") return new Refusal(`${program} is not on PATH. After \`npm run up\`: eval "$(npm run --silent env)"`);
  return new Refusal(`${program} failed: ${String(error.stderr ?? "").trim() || error.shortMessage}`);
}
