import { certificateProblem } from "./settings/certificates.ts";
import { crosschecks } from "./settings/crosschecks.ts";
import { type Problem, problemsOf, SettingsError, unknownSetting } from "./settings/problems.ts";
import { type Settings, schema } from "./settings/schema.ts";
import { updateChecks } from "./settings/updateChecks.ts";

export { SettingsError } from "./settings/problems.ts";
export { type Settings, schema } from "./settings/schema.ts";
export type { WorkerSettings } from "./settings/workers.ts";

/** The project's name, which begins the name of every setting. */
export const project = "zeromq-stack";

type Key = keyof typeof schema.shape;
const keys = Object.keys(schema.shape) as Key[];

/**
 * The settings of a stack from its configuration as Pulumi hands it over: full keys, all values text, objects as JSON.
 * Throws one `SettingsError` that lists everything that is wrong. What only an update needs may be missing in a preview.
 */
export function parseSettings(raw: Readonly<Record<string, string>>, stack: string, { isPreview = false } = {}): Settings {
  const problems: Problem[] = [];
  const sound: Partial<Settings> = {};
  for (const key of keys) {
    const value = decoded(raw[`${project}:${key}`]);
    const result = schema.shape[key].safeParse(value);
    if (result.success) Object.assign(sound, { [key]: result.data });
    else problems.push(...problemsOf(key, schema.shape[key], value, result.error));
  }
  const checks = isPreview ? crosschecks : [...crosschecks, ...updateChecks];
  problems.push(...checks.flatMap((check) => check(sound, stack)), ...certificateProblem(sound.build?.caCertificates));
  const all = [...strangers(Object.keys(raw)), ...problems.map((one) => ({ ...one, key: `${project}:${one.key}` }))];
  if (all.length > 0) throw new SettingsError(stack, all);
  return sound as Settings;
}

/** What an update of the stack would be refused for, though a preview is not. */
export function missingForUpdate(settings: Settings, stack: string): Problem[] {
  return updateChecks.flatMap((check) => check(settings, stack)).map((one) => ({ ...one, key: `${project}:${one.key}` }));
}

/** Objects and lists arrive as JSON; text that is none is left for the schema to refuse. */
function decoded(value: string | undefined): unknown {
  if (value === undefined || !/^\s*[[{]/.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

function strangers(found: readonly string[]): Problem[] {
  return found.flatMap((key) => {
    const [namespace, name = ""] = key.split(/:(.*)/s);
    if (namespace === "pulumi" || (namespace === project && (keys as string[]).includes(name))) return [];
    if (namespace !== project) return [{ key, message: "read by nothing: the program has providers of its own" }];
    const first = name.split(/[.[]/, 1)[0] ?? "";
    const inside = first !== name && (keys as string[]).includes(first);
    return [{ key, message: inside ? `not a setting; set it with pulumi config set --path '${name}'` : unknownSetting(name, keys) }];
  });
}
