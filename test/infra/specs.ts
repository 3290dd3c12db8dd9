import { parseSettings, type Settings } from "../../infra/settings.ts";

/** Settings of a stack that says no more than it must, and what a test changes. */
export function settingsWith(changes: Record<string, unknown> = {}): Settings {
  const all = { kubeContext: "somewhere", pushRegistry: { server: "registry.example" }, ...changes };
  const raw = Object.entries(all).map(([key, value]) => [`zeromq-stack:${key}`, typeof value === "string" ? value : JSON.stringify(value)]);
  return parseSettings(Object.fromEntries(raw), "dev");
}

/** The environment variables of a container, by name. */
export function variables(container: { env?: readonly { name: string; value?: string }[] } | undefined): Record<string, string | undefined> {
  return Object.fromEntries((container?.env ?? []).map(({ name, value }) => [name, value]));
}
