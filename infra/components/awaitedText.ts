import type * as pulumi from "@pulumi/pulumi";

/**
 * A text that is known later, for a spec that only hands it on: specs are plain functions of plain values, and Pulumi
 * waits for whatever it finds in the object that they return.
 */
export function awaitedText(text: pulumi.Output<string>): string {
  return text as unknown as string;
}
