import { generateKeyPair, type KeyObject, randomBytes } from "node:crypto";
import { promisify } from "node:util";
import forge from "node-forge";

/** What an HTTPS server in the cluster shows, and the key to it; both PEM. */
export interface ServingCertificate {
  readonly certificate: string;
  readonly privateKey: string;
}

const validYears = 10;
const clocksDifferMs = 3_600_000;

const pem = (key: KeyObject): string => String(key.export({ type: key.type === "private" ? "pkcs8" : "spki", format: "pem" }));

/** A certificate for one host that nobody else has signed: who is given it trusts it and nothing else. */
export async function servingCertificate(host: string): Promise<ServingCertificate> {
  const pair = await promisify(generateKeyPair)("rsa", { modulusLength: 2048 });
  const privateKey = pem(pair.privateKey);
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.publicKeyFromPem(pem(pair.publicKey));
  // Positive (RFC 5280, 4.1.2.2), and without a leading byte of zeros that says nothing (X.690, 8.3.2).
  certificate.serialNumber = `01${randomBytes(16).toString("hex")}`;
  const now = new Date();
  certificate.validity.notBefore = new Date(now.getTime() - clocksDifferMs);
  certificate.validity.notAfter = new Date(now.setUTCFullYear(now.getUTCFullYear() + validYears));
  const name = [{ name: "commonName", value: host }];
  certificate.setSubject(name);
  certificate.setIssuer(name);
  certificate.setExtensions([
    { name: "subjectAltName", altNames: [{ type: 2, value: host }] },
    { name: "keyUsage", critical: true, digitalSignature: true, keyEncipherment: true },
    { name: "extKeyUsage", serverAuth: true },
  ]);
  certificate.sign(forge.pki.privateKeyFromPem(privateKey), forge.md.sha256.create());
  return { certificate: forge.pki.certificateToPem(certificate).replaceAll("\r\n", "\n"), privateKey };
}
