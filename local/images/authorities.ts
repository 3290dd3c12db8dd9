import { existsSync } from "node:fs";

/** The file with the certificate authorities that this machine trusts. */
export function authorities(): string | undefined {
  return [process.env["NODE_EXTRA_CA_CERTS"], process.env["SSL_CERT_FILE"], "/etc/ssl/certs/ca-certificates.crt"].find(
    (file) => file !== undefined && existsSync(file),
  );
}
