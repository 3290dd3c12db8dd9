/** `npm run status`: which colour is active, what each runs, and who is connected where. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Found } from "../services/client/every-broker.ts";
import { brokersText } from "../services/client/print.ts";
import { colors } from "../services/contract/names.ts";
import { brokers } from "./brokers.ts";
import { command } from "./command.ts";
import { outputsOf, type Outputs } from "./stack.ts";

const usage = `npm run status [-- --watch] [--json] [--stack NAME]

  --watch   again and again, until Ctrl-C
  --json    the brokers' own words, a JSON list`;

function text({ activeColor, images, versions }: Outputs, found: readonly Found[]): string {
  const rows = colors.map((color) => {
    const states = found.flatMap(({ status }) => (status?.color === color ? [status] : []));
    const sum = (of: (status: (typeof states)[number]) => number): number => states.reduce((total, status) => total + of(status), 0);
    const clients = sum(({ connectedClients }) => connectedClients.ours + connectedClients.plain);
    const who = color === activeColor ? "active " : "standby";
    return `${who}  ${color.padEnd(5)}  ${versions[color]}  ${states.length} brokers, ${clients} clients, ${sum(({ waiting, held }) => waiting + held)} requests  ${images[color]}`;
  });
  return `${rows.join("\n")}\n\n${brokersText(found)}`;
}

await command(usage, ["watch", "json"], async (target) => {
  let first = true;
  do {
    if (!first) await sleep(2_000);
    first = false;
    const outputs = await outputsOf(target);
    const found = await brokers(outputs);
    const shownNow = target.flags.has("json") ? `${JSON.stringify(found)}\n` : text(outputs, found);
    if (target.flags.has("watch") && process.stdout.isTTY) process.stdout.write("\x1b[H\x1b[2J");
    process.stdout.write(shownNow);
  } while (target.flags.has("watch"));
});
