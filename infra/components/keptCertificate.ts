import { X509Certificate } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import type { Monitored } from "../../monitoring/monitored.ts";
import { type ServingCertificate, servingCertificate } from "../keys/servingCertificate.ts";

/** A certificate that the first update makes and the stack's state keeps, with its key as a secret, until somebody replaces the resource. */
export interface KeptCertificate {
  readonly certificate: pulumi.Output<string>;
  readonly privateKey: pulumi.Output<string>;
  readonly lasts: pulumi.Output<Monitored["certificates"][number]>;
}

/** @param host the one name that it is for */
export function keptCertificate(host: string, parent: pulumi.Resource): KeptCertificate {
  const kept = new pulumi.Stash(
    `certificate-${host}`,
    { input: pulumi.secret(servingCertificate(host)) },
    // Every run offers a new one; the state's own is the one that counts.
    { parent, ignoreChanges: ["input"], additionalSecretOutputs: ["input", "output"] },
  );
  const stashed = pulumi.secret(kept.output).apply((own: ServingCertificate) => own);
  const certificate = pulumi.unsecret(stashed.certificate);
  const lasts = certificate.apply((text) => ({ host, expiresAtSeconds: Math.floor(new X509Certificate(text).validToDate.getTime() / 1_000) }));
  return { certificate, privateKey: stashed.privateKey, lasts };
}
