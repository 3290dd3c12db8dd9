import { parseArgs } from "node:util";
import { told } from "../operations/command.ts";

export { checkout, Refusal } from "../operations/command.ts";

export interface Given<Option extends string> {
  readonly words: readonly string[];
  readonly options: Readonly<Partial<Record<Option, string>>>;
}

/** Runs one of the commands, which take words and options with a value. */
export async function command<Option extends string>(usage: string, options: readonly Option[], work: (given: Given<Option>) => Promise<void>): Promise<void> {
  await told(
    usage,
    async () => {
      const { values, positionals } = parseArgs({
        allowPositionals: true,
        options: { help: { type: "boolean", default: false }, ...Object.fromEntries(options.map((option) => [option, { type: "string" as const }])) },
      });
      if (values.help) return console.log(usage);
      await work({ words: positionals, options: values as Partial<Record<Option, string>> });
    },
    (error) => (error instanceof Error ? error.message : error),
  );
}
