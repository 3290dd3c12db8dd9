import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

/** What the images of a checkout would be built from, in a word: another one means other content. */
export function contentOf(checkout: string): string {
  const context = join(checkout, "services");
  const hash = createHash("sha256");
  const visit = (directory: string): void => {
    for (const entry of readdirSync(directory, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const file = join(directory, entry.name);
      if (entry.isDirectory() && entry.name !== "node_modules") visit(file);
      else if (entry.isFile() && !entry.name.endsWith(".md"))
        hash.update(`${relative(context, file)}\0`).update(createHash("sha256").update(readFileSync(file)).digest());
    }
  };
  visit(context);
  return hash.digest("hex").slice(0, 12);
}
