import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";

/** Stands for a secret that only the stack's own provider can decrypt; it passes for an address as well as for a password. */
export const instead = "https://secret.invalid/";

/**
 * A stack's settings as they stand in the checkout, readable without its secrets provider: whoever proposes a change need not have
 * the key of production to see what it does.
 */
export function withoutSecrets(checkout: string, stack: string): Record<string, unknown> {
  const file = join(checkout, `Pulumi.${stack}.yaml`);
  if (!existsSync(file)) throw new Error(`there is no ${file}`);
  const { config = {} } = (parse(readFileSync(file, "utf8")) ?? {}) as { config?: Record<string, unknown> };
  return Object.fromEntries(Object.entries(config).map(([key, value]) => [key, replaced(value)]));
}

function replaced(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(replaced);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value);
  // Pulumi's own mark of an encrypted value.
  if (entries.length === 1 && entries[0]![0] === "secure") return instead;
  return Object.fromEntries(entries.map(([key, inner]) => [key, replaced(inner)]));
}
