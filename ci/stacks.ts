import { readdirSync } from "node:fs";

/** The stacks of a checkout: one a settings file, but those that somebody has for himself. */
export function stacksOf(checkout: string): string[] {
  return readdirSync(checkout)
    .flatMap((file) => /^Pulumi\.([\w.-]+)\.yaml$/.exec(file)?.[1] ?? [])
    .filter((name) => !/^dev-/.test(name))
    .sort();
}
