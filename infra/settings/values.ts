import { z } from "zod";

/** What a reader is told about a setting: which values it takes, and whether a value may be shown. */
export interface About {
  readonly allowed: string;
  readonly secret?: boolean;
}

/** The `About` of every schema below; errors and the settings reference read it. */
export const about = z.registry<About>();

/** Configuration arrives as text (`pulumi config set broker.replicas 2`) or, inside an object, as a number. */
function numberOf(value: unknown): unknown {
  return typeof value === "string" && /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value;
}

/** `pulumi config set --path` makes a number or a boolean of whatever looks like one. */
function textOf(value: unknown): unknown {
  return typeof value === "number" || typeof value === "boolean" ? String(value) : value;
}

/** A count of something. */
export function wholeNumber(least: number, most: number) {
  return z.preprocess(numberOf, z.int().min(least).max(most)).register(about, { allowed: `a whole number from ${least} to ${most}` });
}

/** A length of time in seconds, fractions included. */
export function seconds(least: number, most: number) {
  return z.preprocess(numberOf, z.number().min(least).max(most)).register(about, { allowed: `seconds from ${least} to ${most}` });
}

/** A part of a whole, fractions included. */
export function percentage(least: number, most: number) {
  return z.preprocess(numberOf, z.number().min(least).max(most)).register(about, { allowed: `per cent from ${least} to ${most}` });
}

/** Whether something is there. */
export function flag() {
  return z.preprocess((value) => (value === "true" ? true : value === "false" ? false : value), z.boolean()).register(about, { allowed: "true or false" });
}

/** Text of a certain form; `allowed` says which in words. */
export function text(form: RegExp | ((value: string) => boolean), allowed: string, rest: { secret?: boolean } = {}) {
  const isRight = form instanceof RegExp ? (value: string) => form.test(value) : form;
  return z.preprocess(textOf, z.string().refine(isRight)).register(about, { allowed, ...rest });
}

/** Settings whose names the program does not know: environment variables, annotations. */
export function dictionary(name: RegExp, named: string, rest: { secret?: boolean } = {}) {
  return z.record(z.string().regex(name), text(/^[^]*$/, "text", rest)).register(about, { allowed: `an object with texts under ${named}`, ...rest });
}

/** One of a few words. */
export function oneOf<const Words extends readonly [string, ...string[]]>(words: Words) {
  return z.enum(words).register(about, { allowed: words.join(" or ") });
}

/** A name that Kubernetes takes for an object, a label and a host, besides some. */
export function dnsLabel(longest: number, but?: { besides: RegExp; inWords: string }) {
  const form = new RegExp(`^(?=.{1,${longest}}$)[a-z]([-a-z0-9]*[a-z0-9])?$`);
  const allowed = `up to ${longest} lower-case letters, digits and hyphens, beginning with a letter`;
  if (!but) return text(form, allowed);
  return text((value) => form.test(value) && !but.besides.test(value), `${allowed}, but not ${but.inWords}`);
}

/** A group of settings; a key that it does not have is an error. */
export function group<Shape extends z.core.$ZodShape>(shape: Shape, rest: { secret?: boolean } = {}) {
  return z.strictObject(shape).register(about, { allowed: `an object with ${Object.keys(shape).join(", ")}`, ...rest });
}
