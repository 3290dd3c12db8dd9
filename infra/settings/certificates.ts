import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Problem } from "./problems.ts";

// Certificates travel to the build as one variable; Linux gives a variable 128 KiB.
const longest = 100_000;

/** The certificates of a PEM file whose path is relative to the project's folder. */
export function readCertificates(path: string): string {
  return readFileSync(fileURLToPath(new URL(path, new URL("../../", import.meta.url))), "utf8");
}

/** What is wrong with the setting `build.caCertificates`, if anything. */
export function certificateProblem(path: string | undefined): Problem[] {
  if (path === undefined) return [];
  const wrong = (found: string) => [
    { key: "build.caCertificates", message: `${found} found at ${path}; allowed: a PEM file of certificates, at most ${longest} bytes` },
  ];
  let content: string;
  try {
    content = readCertificates(path);
  } catch (error) {
    return wrong((error as NodeJS.ErrnoException).code === "ENOENT" ? "no file" : "no readable file");
  }
  if (content.includes("PRIVATE KEY")) return wrong("a private key");
  if (!content.includes("-----BEGIN CERTIFICATE-----")) return wrong("no certificate");
  return Buffer.byteLength(content) > longest ? wrong(`${Buffer.byteLength(content)} bytes`) : [];
}
