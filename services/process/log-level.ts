import { environment } from "../contract/environment.ts";
import { watchFile } from "../transport/watch-file.ts";
import { parseConfigFile } from "./config-file.ts";
import { setLevel } from "./log.ts";
import type { Logger } from "./log.ts";
import type { Source } from "./settings.ts";
import { logLevel } from "./values.ts";
import type { LogLevel } from "./values.ts";

const { name, fileKey, default: standard } = environment.logLevel;

/**
 * Keeps a log at the level that the mounted file names, while the program runs. Where the variable is set, it stays: the
 * environment wins over the file. What the file says that is no level changes nothing and is told.
 */
export function followLogLevel(log: Logger, level: LogLevel, { env, defaultFile }: Source): { close(): void } {
  const named = env[environment.configFile.name] || undefined;
  const path = named ?? defaultFile;
  if (env[name] || path === undefined) return { close() {} };
  let known = level;
  return watchFile(path, {
    content(content) {
      const wanted = logLevel.safeParse(parseConfigFile(path, content).values.get(fileKey)?.value ?? standard);
      if (!wanted.success) log.warn({ path }, "the file names no log level: staying at the old one");
      else if (wanted.data !== known) {
        known = wanted.data;
        const say = (): void => log.info({ path, to: known }, "log level changed");
        // At the level of the two that lets it be said.
        const isSaid = log.isLevelEnabled("info");
        if (isSaid) say();
        setLevel(log, known);
        if (!isSaid) say();
      }
    },
    // It may be absent where nobody named it, and is said at start where somebody did.
    unreadable() {},
  });
}
