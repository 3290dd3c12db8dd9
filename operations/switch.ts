/** `npm run switch`: moves all traffic to a colour, and back if that fails. Every step is an ordinary Pulumi update. */
import { type Color, otherColor } from "../services/contract/names.ts";
import { command, Refusal } from "./command.ts";
import { colorOf, set, setting, update } from "./stack.ts";

const usage = `npm run switch -- COLOR [--stack NAME] [--config-file FILE]

Sets activeColor and runs pulumi up. If the update fails, sets it back and runs pulumi up again. Ctrl-C leaves all as it is then.`;

let interrupted = false;
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => (interrupted = true)); // Pulumi gets it, too

await command(usage, [], async (target) => {
  const color = colorOf(target, usage);
  const before = ((await setting(target, "activeColor")) ?? "blue") as Color;
  await set(target, { activeColor: color });
  if (await update(target)) return console.log(`\nTraffic goes to ${color}.${before === color ? "" : ` The way back: npm run switch -- ${before}`}`);

  if (interrupted) throw new Refusal(`\nInterrupted: activeColor is ${color}. \`pulumi up\` goes on; the way back: npm run switch -- ${otherColor(color)}`);
  if (before === color)
    throw new Refusal(
      `\nThe update failed. activeColor was ${color} already, so where it came from is not known: npm run status tells where traffic goes. ` +
        `\`pulumi up\` goes on; to ${otherColor(color)}: npm run switch -- ${otherColor(color)}`,
    );
  console.error(`\nThe switch to ${color} failed: going back to ${before}.\n`);
  await set(target, { activeColor: before });
  if (await update(target)) throw new Refusal(`\nTraffic goes to ${before}, as before. Why ${color} failed stands above.`);
  throw new Refusal(`\nThe way back failed, too: activeColor is ${before}. See above, mend it, and then: pulumi up`);
});
