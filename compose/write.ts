/** `npm run compose`: writes docker-compose.yml and what it mounts. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { files } from "./files.ts";

const checkout = join(import.meta.dirname, "..");

for (const [path, content] of Object.entries(files())) {
  mkdirSync(dirname(join(checkout, path)), { recursive: true });
  writeFileSync(join(checkout, path), content);
  console.log(path);
}
