import { readPair } from "./curve-keys.ts";
import { watchFile } from "./watch-file.ts";
import type { RawPair } from "./zmtp/box.ts";

/** A server's own pairs, as their file is now. */
export interface ServerPairs {
  readonly pairs: readonly RawPair[];
  close(): void;
}

/**
 * Reads a server's pairs, `PUBLIC SECRET` a line in Z85, the one that peers should use first. Reads again when the file changes.
 * A file that cannot be read or has a wrong line changes nothing: whoever could come in can go on doing so.
 * @param atFirst what holds until the file could be read
 */
export function watchServerPairs(path: string, atFirst: RawPair, onProblem: (problem: string) => void, onChange: (pairs: readonly RawPair[]) => void): ServerPairs {
  let pairs: readonly RawPair[] = [atFirst];
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
export function parseServerPairs(path: string, content: string): RawPair[] | string {
  const pairs: RawPair[] = [];
  for (const [index, raw] of content.split("\n").entries()) {
    if (raw.trim() === "") continue;
    const [publicKey = "", secretKey = "", ...rest] = raw.trim().split(/\s+/);
    const pair = readPair({ publicKey, secretKey });
    if (pair === undefined || rest.length > 0) return `${path}:${index + 1} must be the public and the secret half of one CURVE pair, in Z85`;
    pairs.push(pair);
  }
  return pairs.length > 0 ? pairs : `${path} must hold at least one CURVE pair`;
}
