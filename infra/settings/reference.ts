import type { z } from "zod";
import { schema } from "./schema.ts";
import { about } from "./values.ts";

/** One setting, as the settings reference shows it. */
export interface Entry {
  /** Below `zeromq-stack:`, with `[]` for each entry of a list. */
  readonly key: string;
  readonly description: string;
  readonly allowed: string;
  /** As JSON; undefined where a value is required, `none` where leaving it out means nothing. */
  readonly default: string | undefined;
}

/** Every setting of the schema, groups before their members. */
export function entries(): Entry[] {
  return members("", schema);
}

function members(path: string, of: z.core.$ZodType): Entry[] {
  const { def } = (of as z.core.$ZodTypes)._zod;
  if (def.type !== "object") return [];
  return Object.entries(def.shape).flatMap(([key, value]) => below(path === "" ? key : `${path}.${key}`, value, "", undefined));
}

function below(key: string, of: z.core.$ZodType, described: string, byDefault: string | undefined): Entry[] {
  const { def } = (of as z.core.$ZodTypes)._zod;
  const description = described || (of as z.ZodType).description || "";
  if (def.type === "optional") return below(key, def.innerType, description, byDefault ?? "none");
  if (def.type === "default" || def.type === "prefault") return below(key, def.innerType, description, JSON.stringify(def.defaultValue));
  const entry = { key, description, allowed: about.get(of)?.allowed ?? "", default: byDefault };
  if (def.type === "array") return [entry, ...members(`${key}[]`, def.element)];
  return [entry, ...members(key, of)];
}

/** The reference as a Markdown table: what can be set, a line each, without the groups' own lines. */
export function table(): string {
  const all = entries();
  const isGroup = ({ key }: Entry) => all.some((other) => other.key.startsWith(`${key}.`));
  const cell = (text: string) => text.replaceAll("|", "\\|");
  const rows = all
    .filter((entry) => !isGroup(entry))
    .map(
      ({ key, description, allowed, default: value }) =>
        `| \`${key}\` | ${cell(description)} | ${value === undefined ? "required" : value === "none" ? "" : `\`${value}\``} | ${cell(allowed)} |`,
    );
  return ["| setting | what it does | default | allowed |", "|---|---|---|---|", ...rows].join("\n");
}
