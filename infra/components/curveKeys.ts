import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { names, secretKeys } from "../../services/contract/names.ts";
import { type CurveKeyPair, curveKeyPair } from "../keys/curveKeyPair.ts";
import type { Settings } from "../settings.ts";
import { objectMetadata } from "../specs/objectMetadata.ts";

/** The stack's CURVE key pair: made by its first update, kept in its state as a secret, given to the cluster as a Secret. */
export class CurveKeys extends pulumi.ComponentResource {
  readonly secret: kubernetes.core.v1.Secret;

  constructor(settings: Settings, options: pulumi.ComponentResourceOptions & { dependsOn: pulumi.Resource }) {
    super("zeromq-stack:infra:CurveKeys", "curve-keys", {}, options);
    const kept = new pulumi.Stash(
      "curve-key-pair",
      { input: pulumi.secret(curveKeyPair()) },
      // Every run offers a new pair; the state's own is the one that counts, until somebody replaces this resource.
      { parent: this, ignoreChanges: ["input"], additionalSecretOutputs: ["input", "output"] },
    );
    const pair = pulumi.secret(kept.output).apply((stashed: CurveKeyPair) => stashed);
    this.secret = new kubernetes.core.v1.Secret(
      names.secret,
      {
        metadata: objectMetadata({ name: names.secret, namespace: settings.namespace }),
        stringData: {
          [secretKeys.curvePublicKey]: pair.publicKey,
          [secretKeys.curveSecretKey]: pair.secretKey,
        },
      },
      { parent: this, dependsOn: options.dependsOn },
    );
    this.registerOutputs();
  }
}
