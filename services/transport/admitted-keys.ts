import { readKey } from "./curve-keys.ts";
import { watchFile } from "./watch-file.ts";
import type { Admission } from "./zmtp/curve-server.ts";

/** The keys of a mounted file, as it is now. */
export interface AdmittedKeys {
  readonly count: number;
  /** By a public key in Z85; nothing where it is not admitted. */
  admit(publicKey: string): Admission | undefined;
  close(): void;
}

/**
 * Reads who is admitted: `KEY NAME [service,service…]` a line, the key in Z85; `#` begins a comment. A line that is wrong admits
 * nobody; a file that cannot be read admits nobody at all. Reads again when it changes. `onProblem` is told once for each new problem.
 */
export function watchAdmittedKeys(path: string, onProblem: (problem: string) => void, onChange: (count: number) => void): AdmittedKeys {
  let admitted: ReadonlyMap<string, Admission> = new Map();
  const watch = watchFile(path, {
    content(content) {
      const parsed = parseAdmittedKeys(path, content);
      admitted = parsed.admitted;
      for (const line of parsed.problems) onProblem(line);
      onChange(admitted.size);
    },
    unreadable(reason) {
      admitted = new Map();
      onProblem(`${reason}: nobody is admitted`);
    },
  });
  return {
    get count() {
      return admitted.size;
    },
    admit: (publicKey) => admitted.get(publicKey),
    close: watch.close,
  };
}

/** The lines of such a file. No problem shows a key: somebody may have written a secret one. */
export function parseAdmittedKeys(path: string, content: string): { admitted: Map<string, Admission>; problems: string[] } {
  const admitted = new Map<string, Admission>();
  const problems: string[] = [];
  for (const [index, raw] of content.split("\n").entries()) {
    // A key may hold a `#` itself.
    const line = raw.trim();
    if (line === "" || /^#(\s|#|$)/.test(line)) continue;
    const place = `${path}:${index + 1}`;
    const [key = "", name, services, ...rest] = line.split(/\s+/);
    if (readKey(key) === undefined) problems.push(`${place}: the first word must be a public key of 40 Z85 characters, it has ${key.length}`);
    else if (name === undefined) problems.push(`${place}: a name must stand after the key`);
    else if (rest.length > 0) problems.push(`${place}: more than a key, a name and services separated by commas`);
    else if (admitted.has(key)) problems.push(`${place}: the key of ${name} stands there twice`);
    else admitted.set(key, services === undefined ? { name } : { name, services: services.split(",") });
  }
  return { admitted, problems };
}
