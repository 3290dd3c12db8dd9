import { readFileSync } from "node:fs";

/** Milliseconds between two looks: Kubernetes changes a mounted file by swapping a link above it, which no watch of the file sees. */
const everyMs = 1_000;

/** Tells the content of a file at once and at each change, and why it cannot be read once for each new reason. */
export function watchFile(path: string, on: { content(content: string): void; unreadable(reason: string): void }): { close(): void } {
  let known: string | undefined;
  let problem: string | undefined;
  const look = (): void => {
    let content: string;
    try {
      content = readFileSync(path, "utf8");
    } catch (error) {
      const reason = `${path} cannot be read (${(error as NodeJS.ErrnoException).code})`;
      known = undefined;
      if (reason !== problem) on.unreadable(reason);
      problem = reason;
      return;
    }
    problem = undefined;
    if (content === known) return;
    known = content;
    on.content(content);
  };
  look();
  const timer = setInterval(look, everyMs).unref();
  return { close: () => clearInterval(timer) };
}
