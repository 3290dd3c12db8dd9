import { join } from "node:path";
import { parseArgs } from "node:util";

/** An error that is meant for the person at the terminal. */
export { Refusal } from "../operations/command.ts";

export const checkout = join(import.meta.dirname, "..");

export interface Given<Option extends string> {
  readonly words: readonly string[];
  readonly options: Readonly<Partial<Record<Option, string>>>;
}

/** Runs one of the commands, which take words and options with a value. Exit codes: 1 failed, 2 wrong usage. */
export async function command<Option extends string>(usage: string, options: readonly Option[], work: (given: Given<Option>) => Promise<void>): Promise<void> {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { help: { type: "boolean", default: false }, ...Object.fromEntries(options.map((option) => [option, { type: "string" as const }])) },
    });
    if (values.help) return console.log(usage);
    await work({ words: positionals, options: values as Partial<Record<Option, string>> });
  } catch (error) {
    const misspelt = (error as { code?: string }).code?.startsWith("ERR_PARSE_ARGS") === true;
    if (misspelt) console.error(`${(error as Error).message}\n\n${usage}`);
    else console.error(error instanceof Error ? error.message : error);
    process.exitCode = misspelt ? 2 : 1;
  }
}
