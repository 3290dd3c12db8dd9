import { readFileSync } from "node:fs";
import type { z } from "zod";
import { environment } from "../contract/environment.ts";
import type { Variable } from "../contract/environment.ts";
import { parseConfigFile } from "./config-file.ts";
import type { ConfigFile } from "./config-file.ts";

/** A setting: the variable that carries it, and the kind of value that it has. */
export interface Setting<T> {
  readonly variable: Variable;
  readonly kind: z.ZodType<T, string>;
}

type Values<S extends Record<string, Setting<unknown>>> = {
  readonly [K in keyof S]: S[K] extends { variable: { default: string }; kind: z.ZodType<infer T, string> }
    ? T
    : S[K] extends Setting<infer T>
      ? T | undefined
      : never;
};

/** Where settings come from; tests pass their own. */
export interface Source {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The file that is read where CONFIG_FILE is not set; it may be absent. */
  readonly defaultFile?: string;
}

/** Everything that is wrong with the settings, at once. */
export class SettingsError extends Error {
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(`${problems.length} ${problems.length === 1 ? "setting is" : "settings are"} wrong:\n${problems.map((line) => `  ${line}`).join("\n")}`);
    this.name = "SettingsError";
    this.problems = problems;
  }
}

/**
 * Reads all settings: the environment wins over the file, the file over the default. An empty variable counts as not set.
 * A setting without a default may be undefined.
 * @throws SettingsError naming every wrong variable or line, its value and what is allowed.
 */
export function readSettings<S extends Record<string, Setting<unknown>>>(settings: S, source: Source): Values<S> {
  const file = readConfigFile(source);
  const problems = [...file.problems];
  const values: Record<string, unknown> = {};
  for (const [name, { variable, kind }] of Object.entries(settings)) {
    const given = find(variable, source, file);
    if (given === undefined) continue;
    const result = kind.safeParse(given.text);
    if (result.success) values[name] = result.data;
    else problems.push(...result.error.issues.map(({ message }) => `${given.label}=${variable.secret === true ? "…" : JSON.stringify(given.text)} ${message}`));
  }
  if (problems.length > 0) throw new SettingsError(problems);
  return values as Values<S>;
}

function find(variable: Variable, { env }: Source, file: ConfigFile): { text: string; label: string } | undefined {
  const fromEnvironment = env[variable.name];
  if (fromEnvironment !== undefined && fromEnvironment !== "") return { text: fromEnvironment, label: variable.name };
  const fromFile = variable.fileKey === undefined ? undefined : file.values.get(variable.fileKey);
  if (fromFile !== undefined) return { text: fromFile.value, label: `${fromFile.place}: ${variable.fileKey}` };
  return variable.default === undefined ? undefined : { text: variable.default, label: variable.name };
}

function readConfigFile({ env, defaultFile }: Source): ConfigFile {
  const variable = environment.configFile.name;
  const named = env[variable] || undefined;
  const path = named ?? defaultFile;
  if (path === undefined) return { values: new Map(), problems: [] };
  try {
    return parseConfigFile(path, readFileSync(path, "utf8"));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (named === undefined && code === "ENOENT") return { values: new Map(), problems: [] };
    const label = named === undefined ? path : `${variable}=${JSON.stringify(path)}`;
    return { values: new Map(), problems: [`${label} must be a file that can be read (${code ?? message})`] };
  }
}
