/** Stacks that may run what nobody released: `dev` and those named after it, such as `dev-alice`. */
export function isDevelopmentStack(stack: string): boolean {
  return /^dev(-|$)/.test(stack);
}
