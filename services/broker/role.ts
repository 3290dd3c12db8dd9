import { readFileSync } from "node:fs";

const everyMs = 1_000;

/**
 * Reads the mounted file that names the active colour, at once and each second: the kubelet changes it by swapping a link above it.
 * `onColor` is told at the start and at each change. A file that is missing or empty says nothing: whatever was known stays.
 */
export function watchActiveColor(path: string, onColor: (color: string) => void, onProblem: (problem: string) => void): { close(): void } {
  let known: string | undefined;
  let problem: string | undefined;
  const look = (): void => {
    let color: string;
    try {
      color = readFileSync(path, "utf8").trim();
    } catch (error) {
      const reason = `${path} cannot be read (${(error as NodeJS.ErrnoException).code})`;
      if (reason !== problem) onProblem(reason);
      problem = reason;
      return;
    }
    problem = undefined;
    if (color === "" || color === known) return;
    known = color;
    onColor(color);
  };
  look();
  const timer = setInterval(look, everyMs).unref();
  return { close: () => clearInterval(timer) };
}
