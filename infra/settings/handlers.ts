import { readdirSync } from "node:fs";
import { parse } from "node:path";
import { worktree } from "./images.ts";
import type { Problem } from "./problems.ts";
import type { Settings } from "./schema.ts";

const folder = "services/worker/handlers";

/** Which services have no handler in the image that is built from this checkout; other images are not looked into. */
export function handlerProblems({ images, workers = [] }: Partial<Settings>): Problem[] {
  if (images?.worker !== worktree) return [];
  const shipped = readdirSync(new URL(`../../${folder}/`, import.meta.url))
    .map((file) => parse(file).name)
    .sort();
  return workers.flatMap(({ service, image, handler = service }, index) =>
    image !== undefined || isPath(handler) || shipped.includes(handler)
      ? []
      : [
          {
            key: `workers[${index}].handler`,
            message: `no ${folder}/${handler}.ts found; allowed: a handler of this checkout: ${shipped.join(" or ")}`,
          },
        ],
  );
}

function isPath(handler: string): boolean {
  return /[./\\]/.test(handler);
}
