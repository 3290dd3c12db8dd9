import type { Command } from "commander";
import { colors } from "../contract/names.ts";
import { readClientCurve } from "../process/client-curve.ts";
import { addresses, whole } from "./arguments.ts";
import { check } from "./check.ts";
import { moved } from "./moved.ts";

interface CheckArguments {
  address: string[];
  brokers?: number;
  times: number;
  color: string;
  service?: string;
  body: string;
  reply?: string;
  withinSeconds: number;
  otherwise?: string;
}

interface MovedArguments {
  address: string[];
  color: string;
  keep: number;
  atLeastSeconds: number;
  atMostSeconds: number;
}

const say = (text: string): void => void process.stdout.write(`${text}\n`);

/** What the Jobs of a switch run. */
export function addSwitchCommands(program: Command): void {
  program
    .command("check")
    .description("Make sure that brokers have a colour and answer rightly. Exit code 1 where one does not, with what it said.")
    .requiredOption("--address <endpoint>", "the brokers' frontend", addresses)
    .requiredOption("--color <color>", colors.join(" or "))
    .option("--brokers <count>", "ask each of so many brokers behind the name, by its own address", whole(1, 1_000))
    .option("--times <count>", "connections to the name, where --brokers is not given", whole(1, 1_000), 5)
    .option("--service <name>", "the service to ask; without it brokers are asked who they are, and no more")
    .option("--body <text>", "the request's body", "")
    .option("--reply <text>", "the one right reply (default: any)")
    .option("--within-seconds <seconds>", "how long it may take until all is right", whole(1, 3_600), 30)
    .option("--otherwise <text>", "what to tell besides, where it fails")
    .action(async ({ address, brokers, service, reply, withinSeconds, otherwise, ...rest }: CheckArguments) => {
      const curve = readClientCurve({ env: process.env });
      try {
        await check({ ...rest, endpoint: address[0]!, curve, brokers, service, reply, withinMs: withinSeconds * 1000, onAnswer: say });
      } catch (error) {
        throw otherwise === undefined ? error : new Error(`${(error as Error).message}\n${otherwise}`);
      }
    });

  program
    .command("moved")
    .description("Wait until clients have left the brokers of a colour. Exit code 0 also where some stay: they are served until their broker ends.")
    .requiredOption("--address <endpoint>", "a name that all brokers are behind", addresses)
    .requiredOption("--color <color>", "the colour to be left")
    .option("--keep <count>", "brokers that stay; with no more of the colour there is nothing to wait for", whole(0, 1_000), 0)
    .option("--at-least-seconds <seconds>", "how long to wait in any case", whole(0, 86_400), 0)
    .option("--at-most-seconds <seconds>", "how long to wait for those that stay", whole(1, 172_800), 180)
    .action(async ({ address, color, keep, atLeastSeconds, atMostSeconds }: MovedArguments) => {
      const curve = readClientCurve({ env: process.env });
      const all = await moved({ endpoint: address[0]!, color, curve, keep, atLeastMs: atLeastSeconds * 1000, atMostMs: atMostSeconds * 1000, onLook: say });
      say(all ? "nobody is left there" : `some are still there after ${Math.max(atLeastSeconds, atMostSeconds)} s: they are served until their broker ends`);
    });
}
