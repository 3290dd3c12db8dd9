// Part of the stand-in for Pulumi's Docker plugin. A digest of what a build would be given, so that nothing is built twice.

import { createHash } from "node:crypto";
import { existsSync, lstatSync, readFileSync, readdirSync, readlinkSync } from "node:fs";
import { join, relative } from "node:path";
import dockerignore from "@balena/dockerignore";

export function contextDigest(context: string, dockerfile: string): string {
  const own = `${dockerfile}.dockerignore`;
  const patterns = [own, join(context, ".dockerignore")].find((file) => existsSync(file));
  const ignore = dockerignore.default().add(patterns ? readFileSync(patterns, "utf8") : "");
  const hash = createHash("sha256").update(readFileSync(dockerfile));
  const visit = (directory: string): void => {
    for (const entry of readdirSync(directory, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const file = join(directory, entry.name);
      const name = relative(context, file);
      if (entry.isDirectory()) visit(file);
      else if (!ignore.ignores(name)) {
        const content = entry.isSymbolicLink() ? readlinkSync(file) : entry.isFile() ? readFileSync(file) : "";
        hash.update(`${name}\0${lstatSync(file).mode}\0`).update(createHash("sha256").update(content).digest());
      }
    }
  };
  visit(context);
  return hash.digest("hex");
}
