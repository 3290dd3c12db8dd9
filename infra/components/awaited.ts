import type * as pulumi from "@pulumi/pulumi";

/**
 * A value that is known later, for a spec that only hands it on: specs are plain functions of plain values, and Pulumi
 * waits for whatever it finds in the object that they return.
 */
export function awaited<Value>(value: pulumi.Output<Value>): Value {
  return value as unknown as Value;
}
