// Part of the stand-ins for Pulumi plugins. How the engine writes secrets and unknown values into plain objects.

export type Properties = Record<string, any>;

const signatureKey = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";
const unknownValues = new Set([
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
  "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
  "030794c1-ac77-496b-92df-f27374a8bd58",
  "e48ece36-62e2-4504-bad9-02848725956a",
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
]);

export const isObject = (value: unknown): value is Properties => typeof value === "object" && value !== null && !Array.isArray(value);

export const isSecret = (value: unknown): boolean => isObject(value) && value[signatureKey] === secretSignature;

export const secret = (value: unknown): unknown => (isSecret(value) ? value : { [signatureKey]: secretSignature, value });

export function reveal(value: any): any {
  if (isSecret(value)) return reveal(value.value);
  if (Array.isArray(value)) return value.map(reveal);
  if (isObject(value)) return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, reveal(inner)]));
  return value;
}

export function hasUnknown(value: unknown): boolean {
  if (typeof value === "string") return unknownValues.has(value);
  return typeof value === "object" && value !== null && Object.values(value).some(hasUnknown);
}

function hasSecret(value: unknown): boolean {
  return isSecret(value) || (typeof value === "object" && value !== null && Object.values(value).some(hasSecret));
}

/** Marks in `value` what is secret at the same place of `model`; where the shapes differ, the whole value. */
export function markSecrets(value: any, model: any): any {
  if (value === undefined || isSecret(value) || !hasSecret(model)) return value;
  if (isSecret(model)) return secret(value);
  if (Array.isArray(value) && Array.isArray(model) && value.length === model.length) return value.map((inner, index) => markSecrets(inner, model[index]));
  if (isObject(value) && isObject(model)) return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, markSecrets(inner, model[key])]));
  return secret(value);
}
