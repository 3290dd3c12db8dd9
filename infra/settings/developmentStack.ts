import type { Settings } from "./schema.ts";

/** Stacks that may run what nobody released: `dev` and those named after it, such as `dev-alice`. */
export function isDevelopmentStack(stack: string): boolean {
  return /^dev(-|$)/.test(stack);
}

/** Whether an update may not delete what cannot be made again. */
export function isProtected({ protect }: Pick<Settings, "protect">, stack: string): boolean {
  return protect ?? !isDevelopmentStack(stack);
}
