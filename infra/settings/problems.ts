import type { z } from "zod";
import { nearest } from "./nearest.ts";
import { type About, about } from "./values.ts";

/** Something wrong with one setting, in words. */
export interface Problem {
  readonly key: string;
  readonly message: string;
}

/** A stack's configuration that cannot be used: everything that is wrong with it. */
export class SettingsError extends Error {
  readonly problems: readonly Problem[];

  constructor(stack: string, problems: readonly Problem[]) {
    const count = problems.length === 1 ? "a problem" : `${problems.length} problems`;
    const lines = problems.map(({ key, message }) => `  ${key}: ${message}`);
    super([`The settings of stack ${stack} have ${count}:`, ...lines].join("\n"));
    this.name = "SettingsError";
    this.problems = problems;
  }
}

type Path = readonly PropertyKey[];

/** The words for what zod found wrong in the value of one of the stack's keys. */
export function problemsOf(key: string, schema: z.core.$ZodType, value: unknown, error: z.core.$ZodError): Problem[] {
  return error.issues.flatMap((issue) => {
    if (issue.code === "unrecognized_keys") {
      const known = Object.keys(shapeOf(schemaAt(schema, issue.path)));
      return issue.keys.map((name) => ({ key: keyOf(key, [...issue.path, name]), message: unknownSetting(name, known) }));
    }
    // A name that a dictionary refuses is reported at the name; what it may look like stands at the dictionary.
    const place = issue.code === "invalid_key" ? issue.path.slice(0, -1) : issue.path;
    const known = aboutOf(schemaAt(schema, place));
    const message = issue.code === "invalid_key" ? `not a name; allowed: ${known.allowed}` : wrongValue(valueAt(value, place), known);
    return [{ key: keyOf(key, issue.path), message }];
  });
}

/** What is wrong with a value; a secret one is not shown. */
function wrongValue(value: unknown, { allowed, secret }: About): string {
  return `${secret && value !== undefined ? "[secret]" : shown(value)} found; allowed: ${allowed}`;
}

/** The value of a setting that does not exist is never shown: it may be a secret under a misspelt name. */
export function unknownSetting(name: string, known: readonly string[]): string {
  const guess = nearest(name, known);
  return guess ? `not a setting; did you mean ${guess}?` : `not a setting; there are ${known.join(", ")}`;
}

/** What the schema says about its values; a wrapping schema says what the one inside says. */
function aboutOf(schema: z.core.$ZodType): About {
  const known = about.get(schema);
  if (known) return known;
  const unwrapped = inner(schema);
  if (unwrapped === schema) throw new Error("a setting's schema does not say what it allows");
  return aboutOf(unwrapped);
}

function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

/** Pulumi's own way to write the place of a value: `workers[0].service`. */
function keyOf(key: string, path: Path): string {
  return path.reduce<string>((written, step) => written + (typeof step === "number" ? `[${step}]` : `.${String(step)}`), key);
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((found, step) => (found as Record<PropertyKey, unknown> | undefined)?.[step], value);
}

function schemaAt(schema: z.core.$ZodType, path: Path): z.core.$ZodType {
  return path.reduce<z.core.$ZodType>((found, step) => {
    const { def } = (withoutWrapping(found) as z.core.$ZodTypes)._zod;
    if (def.type === "array") return def.element;
    if (def.type === "record") return def.valueType;
    return shapeOf(found)[String(step)] ?? found;
  }, schema);
}

function shapeOf(schema: z.core.$ZodType): z.core.$ZodShape {
  const { def } = (withoutWrapping(schema) as z.core.$ZodTypes)._zod;
  return def.type === "object" ? def.shape : {};
}

function withoutWrapping(schema: z.core.$ZodType): z.core.$ZodType {
  const unwrapped = inner(schema);
  return unwrapped === schema ? schema : withoutWrapping(unwrapped);
}

function inner(schema: z.core.$ZodType): z.core.$ZodType {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  return def.type === "default" || def.type === "prefault" || def.type === "optional" ? def.innerType : schema;
}
