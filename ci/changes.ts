import { isDeepStrictEqual } from "node:util";
import type { Planned, Preview } from "./previews.ts";

/** A field that differs: its place, and what stands there before and after. */
export interface Field {
  readonly path: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** What becomes of one resource. */
export interface Change {
  readonly how: "new" | "changed" | "gone";
  readonly type: string;
  readonly name: string;
  readonly fields: readonly Field[];
}

/** What differs between a stack's previews before and after a change; all is new where there was no stack. */
export function changesOf(before: Preview | undefined, after: Preview): Change[] {
  const [old, now] = [byName(before?.resources ?? []), byName(after.resources)];
  const changes: Change[] = [];
  for (const [key, { type, name, inputs }] of now) {
    const earlier = old.get(key);
    const fields = earlier === undefined ? [] : differences(earlier.inputs, inputs, "");
    if (earlier === undefined) changes.push({ how: "new", type, name, fields });
    else if (fields.length > 0) changes.push({ how: "changed", type, name, fields });
  }
  for (const [key, { type, name }] of old) if (!now.has(key)) changes.push({ how: "gone", type, name, fields: [] });
  return changes;
}

function byName(resources: readonly Planned[]): Map<string, Planned> {
  return new Map(resources.map((resource) => [`${resource.type} ${resource.name}`, { ...resource, inputs: withoutOwnNames(resource) }]));
}

/** A name that Pulumi made up says nothing: the next preview has another one. */
function withoutOwnNames({ name, inputs }: Planned): Planned["inputs"] {
  const { metadata } = inputs as { metadata?: Record<string, unknown> };
  if (metadata === undefined || !new RegExp(`^${name}-[0-9a-z]{7,8}$`).test(String(metadata["name"]))) return inputs;
  const { name: _, ...rest } = metadata;
  return { ...inputs, metadata: rest };
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

function differences(before: unknown, after: unknown, path: string): Field[] {
  if (isDeepStrictEqual(before, after)) return [];
  if (isRecord(before) && isRecord(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((key) => !key.startsWith("__"));
    return keys.flatMap((key) => differences(before[key], after[key], path === "" ? key : `${path}${step(key)}`));
  }
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length) {
    return before.flatMap((one, index) => differences(one, after[index], `${path}[${index}]`));
  }
  return [{ path, before, after }];
}

function step(key: string): string {
  return /^\w+$/.test(key) ? `.${key}` : `["${key}"]`;
}
