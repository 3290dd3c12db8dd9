// Part of the stand-ins for Pulumi plugins. What differs between two property bags, by the engine's paths.

import { isDeepStrictEqual } from "node:util";
import { isObject } from "./property-values.ts";

export type Change = "add" | "delete" | "update";

const step = (path: string, key: string) => (!/^[A-Za-z_$][\w$-]*$/.test(key) ? `${path}[${JSON.stringify(key)}]` : path === "" ? key : `${path}.${key}`);

export function differences(before: any, after: any, path = ""): Map<string, Change> {
  if (before === after || isDeepStrictEqual(before, after)) return new Map();
  if (isObject(before) && isObject(after))
    return merge([...new Set([...Object.keys(before), ...Object.keys(after)])].map((key) => differences(before[key], after[key], step(path, key))));
  if (Array.isArray(before) && Array.isArray(after))
    return merge(Array.from({ length: Math.max(before.length, after.length) }, (_, index) => differences(before[index], after[index], `${path}[${index}]`)));
  return new Map([[path, before === undefined ? "add" : after === undefined ? "delete" : "update"]]);
}

const merge = (maps: Map<string, Change>[]) => new Map(maps.flatMap((map) => [...map]));

/** Whether a change at `path` touches the field at `field`: the field, something inside it, or something around it. */
export const touches = (path: string, field: string): boolean =>
  path === field || path.startsWith(`${field}.`) || path.startsWith(`${field}[`) || field.startsWith(`${path}.`);
