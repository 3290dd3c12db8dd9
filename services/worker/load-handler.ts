import { existsSync, readdirSync } from "node:fs";
import { isAbsolute, parse, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { StartError } from "../process/program.ts";
import type { Handler } from "./handler.ts";

const shippedDirectory = resolve(import.meta.dirname, "handlers");

/** Names of the handlers that come with the program. */
export function shippedHandlers(): string[] {
  return readdirSync(shippedDirectory)
    .map((file) => parse(file).name)
    .sort();
}

/**
 * The `handler` that a module exports: a shipped one by its name (`echo`, `gzip`), or a `.ts` or `.js` file by its path.
 * @throws StartError saying what was looked for, or what the module's own loading threw.
 */
export async function loadHandler(name: string): Promise<Handler> {
  const path = pathOf(name);
  if (path === undefined) {
    throw new StartError(
      `HANDLER=${JSON.stringify(name)} must be one of ${shippedHandlers().join(", ")}, or the path of a .ts or .js file that exports a function named handler`,
    );
  }
  let module: { handler?: unknown };
  try {
    module = (await import(pathToFileURL(path).href)) as { handler?: unknown };
  } catch (error) {
    throw new StartError(`the handler's module ${path} cannot be loaded: ${error instanceof Error ? error.stack : String(error)}`, error);
  }
  if (typeof module.handler === "function") return module.handler as Handler;
  throw new StartError(`the handler's module ${path} exports ${Object.keys(module).join(", ") || "nothing"}, but no function named handler`);
}

function pathOf(name: string): string | undefined {
  if (isAbsolute(name) || /[./\\]/.test(name)) return existsSync(name) ? resolve(name) : undefined;
  return [`${name}.ts`, `${name}.js`].map((file) => resolve(shippedDirectory, file)).find(existsSync);
}
