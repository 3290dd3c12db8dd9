import type { z } from "zod";
import { expect, it } from "vitest";
import { schema } from "../../infra/settings.ts";
import { about } from "../../infra/settings/values.ts";

/** Every setting below a schema: its path, its documentation and what it allows. */
function settings(path: string, schema: z.core.$ZodType, description = ""): [path: string, description: string, allowed?: string][] {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  const text = description || (schema as z.ZodType).description || "";
  if (def.type === "default" || def.type === "prefault" || def.type === "optional") return settings(path, def.innerType, text);
  const own: [string, string, string?] = [path, text, about.get(schema)?.allowed];
  if (def.type === "array") return [own, ...(def.element as z.core.$ZodTypes)._zod.def.type === "object" ? members(`${path}[]`, def.element) : []];
  return [own, ...members(path, schema)];
}

function members(path: string, schema: z.core.$ZodType) {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  return def.type === "object" ? Object.entries(def.shape).flatMap(([key, value]) => settings(path ? `${path}.${key}` : key, value)) : [];
}

it("every setting says what it does and what it allows, so that errors and a reference can", () => {
  const all = members("", schema);

  expect(all.length).toBeGreaterThan(40);
  expect(all.filter(([, description, allowed]) => !description || !allowed)).toEqual([]);
});
