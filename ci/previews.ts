import { z } from "zod";
import type { Running } from "../infra/specs/trafficText.ts";
import { colors } from "../services/contract/names.ts";

/** A resource as a preview plans it, with its inputs; secret ones are blank. */
export interface Planned {
  readonly type: string;
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
}

/** What a policy has against a resource, or against the stack. */
export interface Violation {
  readonly policy: string;
  readonly message: string;
  readonly resource?: string | undefined;
  /** An update is refused for it. */
  readonly mandatory: boolean;
}

/** What a stack would be, as a preview from nothing tells it. */
export interface Preview {
  readonly stack: string;
  readonly resources: readonly Planned[];
  readonly violations: readonly Violation[];
  readonly warnings: readonly string[];
  /** What is wrong; nothing where the preview went through. */
  readonly errors: readonly string[];
  /** An image that is about to be built is named by what it is built from. */
  readonly running?: Running | undefined;
}

export function failed({ errors, violations }: Preview): boolean {
  return errors.length > 0 || violations.some(({ mandatory }) => mandatory);
}

const text = z.string();
const parts = z.object({ blue: text, green: text, worker: text });
const form: z.ZodType<Preview[]> = z.array(
  z.object({
    stack: text,
    resources: z.array(z.object({ type: text, name: text, inputs: z.record(text, z.unknown()) })),
    violations: z.array(z.object({ policy: text, message: text, resource: text.optional(), mandatory: z.boolean() })),
    warnings: z.array(text),
    errors: z.array(text),
    running: z.object({ activeColor: z.enum(colors), images: parts, versions: parts }).optional(),
  }),
);

/** Previews from a file. A fork's run wrote it, so it may hold anything. */
export function previewsFrom(json: string): Preview[] {
  return form.parse(JSON.parse(json));
}
