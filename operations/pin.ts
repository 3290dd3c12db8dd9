/** `npm run pin`: from then on a colour runs the image that it runs now, whatever becomes of the checkout. */
import { names } from "../services/contract/names.ts";
import { command } from "./command.ts";
import { colorOf, outputsOf, set, setting } from "./stack.ts";

const usage = `npm run pin -- COLOR [--stack NAME] [--config-file FILE]

Writes the image that a colour's brokers run, by its digest, to the stack's settings: no later update changes it.`;

await command(usage, [], async (target) => {
  const color = colorOf(target, usage);
  const { images, versions } = await outputsOf(target);
  const [repository, digest] = images[color].split("@") as [string, string];
  const own = `${await setting(target, "pushRegistry.server")}/${names.brokerApp}`;
  // The version is for people only; the repository is left out where it follows from another setting.
  const pinned = repository === own ? `${versions[color].replace(/^sha256:.*/, "pinned")}@${digest}` : images[color];
  const before = (await setting(target, `images.${color}`)) ?? "worktree";
  await set(target, { [`images.${color}`]: pinned });
  console.log(before === pinned ? `images.${color} is ${pinned} already` : `images.${color}: ${before} → ${pinned}`);
});
