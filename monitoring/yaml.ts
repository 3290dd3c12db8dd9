import { stringify } from "yaml";

/** A configuration file; queries stay on one line, so that one can find them. */
export function yaml(value: unknown): string {
  return stringify(value, { lineWidth: 0 });
}
