import { readFileSync } from "node:fs";
import { loadYaml } from "@kubernetes/client-node";

/** A stack's configuration file as the program receives it: values as text, objects as JSON. */
export function configurationOf(stack: string): Record<string, string> {
  const file = loadYaml<{ config: Record<string, unknown> }>(readFileSync(new URL(`../../Pulumi.${stack}.yaml`, import.meta.url), "utf8"));
  return Object.fromEntries(Object.entries(file.config).map(([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)]));
}
