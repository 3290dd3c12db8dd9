import { stringify } from "yaml";
import { runProgram } from "../infra/program.ts";
import { plain, released } from "../infra/rendered.ts";

/** A stack's objects as `kubectl apply` would take them. */
export async function manifestsOf(stack: string): Promise<string> {
  const { resources } = await runProgram(stack === "dev" ? {} : released, stack, { file: stack });
  const objects = resources.filter(({ type }) => type.startsWith("kubernetes:")).map(({ name, inputs }) => named(name, plain(inputs)));
  return objects.map((object) => stringify(object, { aliasDuplicateObjects: false })).join("---\n");
}

/** An object without a name gets one from Pulumi. */
function named(name: string, object: any) {
  return { ...object, metadata: { name, ...object.metadata } };
}
