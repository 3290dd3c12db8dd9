import { readPair } from "./curve-keys.ts";
import { watchFile } from "./watch-file.ts";
import type { RawPair } from "./zmtp/box.ts";

export interface ServerPair extends RawPair {
  /** When it was made, in seconds since 1970; 0 where that is not known. */
  readonly createdSeconds: number;
}

/** A server's own pairs, as their file is now. */
export interface ServerPairs {
  readonly pairs: readonly ServerPair[];
  close(): void;
}

/**
 * Reads a server's pairs, `PUBLIC SECRET CREATED` a line, the one that peers should use first: both halves in Z85, and if it is
 * known when the pair was made, in seconds since 1970. Reads again when the file changes.
 * A file that cannot be read or has a wrong line changes nothing: whoever could come in can go on doing so.
 * @param atFirst what holds until the file could be read
 */
export function watchServerPairs(
  path: string,
  atFirst: ServerPair,
  onProblem: (problem: string) => void,
  onChange: (pairs: readonly ServerPair[]) => void,
): ServerPairs {
  let pairs: readonly ServerPair[] = [atFirst];
  const watch = watchFile(path, {
    content(content) {
      const parsed = parseServerPairs(path, content);
      if (typeof parsed === "string") return onProblem(`${parsed}: the server's keys stay as they were`);
      pairs = parsed;
      onChange(pairs);
    },
    unreadable: (reason) => onProblem(`${reason}: the server's keys stay as they were`),
  });
  return {
    get pairs() {
      return pairs;
    },
    close: watch.close,
  };
}

/** The pairs of such a file, or what is wrong with it; no word of it is shown. */
export function parseServerPairs(path: string, content: string): ServerPair[] | string {
  const pairs: ServerPair[] = [];
  for (const [index, raw] of content.split("\n").entries()) {
    if (raw.trim() === "") continue;
    const [publicKey = "", secretKey = "", created = "0", ...rest] = raw.trim().split(/\s+/);
    const pair = readPair({ publicKey, secretKey });
    if (pair === undefined || !/^\d{1,12}$/.test(created) || rest.length > 0) {
      return `${path}:${index + 1} must be the public and the secret half of one CURVE pair in Z85, and maybe the seconds since 1970 when it was made`;
    }
    pairs.push({ ...pair, createdSeconds: Number(created) });
  }
  return pairs.length > 0 ? pairs : `${path} must hold at least one CURVE pair`;
}
