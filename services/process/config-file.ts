import { environment } from "../contract/environment.ts";
import type { Variable } from "../contract/environment.ts";

/** A value of the mounted file, and where it stands there: `broker.conf:3`. */
export interface FileValue {
  readonly value: string;
  readonly place: string;
}

export interface ConfigFile {
  readonly values: ReadonlyMap<string, FileValue>;
  readonly problems: readonly string[];
}

const knownKeys = new Set(Object.values<Variable>(environment).flatMap(({ fileKey }) => fileKey ?? []));

/**
 * Reads `key = value` lines; empty lines and those that begin with `#` or `;` are skipped. A line of another form, a key
 * that no program knows (a typing error would otherwise be a default) and a key that comes twice are problems.
 */
export function parseConfigFile(path: string, content: string): ConfigFile {
  const values = new Map<string, FileValue>();
  const problems: string[] = [];
  for (const [index, raw] of content.split("\n").entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#") || line.startsWith(";")) continue;
    const place = `${path}:${index + 1}`;
    const equals = line.indexOf("=");
    const key = line.slice(0, Math.max(0, equals)).trim();
    if (key === "") problems.push(`${place}: ${JSON.stringify(line)} must be of the form key = value`);
    else if (!knownKeys.has(key)) problems.push(`${place}: unknown key ${JSON.stringify(key)}, must be one of ${[...knownKeys].join(", ")}`);
    else if (values.has(key)) problems.push(`${place}: ${key} stands at ${values.get(key)!.place} already`);
    else values.set(key, { value: line.slice(equals + 1).trim(), place });
  }
  return { values, problems };
}
