import { randomBytes } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";

/** A password that the first update makes and the stack's state keeps, as a secret, until somebody replaces the resource. */
export function keptPassword(name: string, parent: pulumi.Resource): pulumi.Output<string> {
  const kept = new pulumi.Stash(
    name,
    { input: pulumi.secret(randomBytes(24).toString("base64url")) },
    // Every run offers a new one; the state's own is the one that counts.
    { parent, ignoreChanges: ["input"], additionalSecretOutputs: ["input", "output"] },
  );
  return pulumi.secret(kept.output).apply((stashed: string) => stashed);
}
