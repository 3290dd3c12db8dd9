/** `npm run ci:preview`: what each stack would be, without a cluster and without its secrets. */
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { checkout, command, Refusal } from "./command.ts";
import { preview } from "./preview-stack.ts";
import { failed } from "./previews.ts";
import { stacksOf } from "./stacks.ts";
import { commentText } from "./text.ts";

const usage = `npm run ci:preview [-- STACK…] [--of FOLDER] [--to FILE]

Previews every stack, or those named, from nothing, under the policy pack, and prints what a pull request's comment would say.

  --of FOLDER   of another checkout, whose packages are installed
  --to FILE     writes the previews there as JSON, for npm run ci:comment, and prints no text`;

await command(usage, ["of", "to"], async ({ words, options }) => {
  const of = resolve(options.of ?? checkout);
  const all = stacksOf(of);
  const stranger = words.find((word) => !all.includes(word));
  if (stranger !== undefined) throw new Refusal(`there is no stack ${stranger}; there are ${all.join(", ")}`);
  const previews = await Promise.all((words.length > 0 ? words : all).map((stack) => preview(of, stack)));
  if (options.to === undefined) process.stdout.write(commentText(undefined, previews));
  else writeFileSync(options.to, JSON.stringify(previews));
  const wrong = previews.filter(failed).map(({ stack }) => stack);
  if (wrong.length > 0) throw new Refusal(`the preview failed: ${wrong.join(", ")}`);
});
