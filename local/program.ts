import { parseArgs } from "node:util";
import { describe } from "./failure.ts";
import { endInOrder } from "./interruption.ts";

/** Runs one of the commands: its flags, each of which is off unless given, its help, and how it fails. */
export async function program<Flag extends string>(
  usage: string,
  flags: readonly Flag[],
  work: (given: Readonly<Record<Flag, boolean>>) => Promise<void>,
): Promise<void> {
  try {
    const options = Object.fromEntries([...flags, "help"].map((flag) => [flag, { type: "boolean" as const, default: false }]));
    const { values } = parseArgs({ options });
    endInOrder();
    if (values["help"]) console.log(usage);
    else await work(values as Record<Flag, boolean>);
  } catch (error) {
    const misspelt = (error as { code?: string }).code?.startsWith("ERR_PARSE_ARGS") === true;
    console.error(`\n${misspelt ? `${(error as Error).message}\n\n${usage}` : describe(error)}`);
    process.exitCode = 1;
  }
}
