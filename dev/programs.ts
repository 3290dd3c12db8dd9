import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { environment } from "../services/contract/environment.ts";
import { programs } from "../services/contract/image.ts";

/** What a handler may need of this shell, without what would be taken for our programs' settings (COLOR, for instance, is set by many a tool). */
export function inherited(): Record<string, string | undefined> {
  const ours = new Set<string>(Object.values(environment).map(({ name }) => name));
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.has(name)));
}

/** A program of ours as a plain process. Its log is told to `onLine`, what it says when it cannot start comes with its end. */
export interface Program {
  /** Resolves at the log line with this message. @throws Error with the program's own words where it ends before */
  said(message: string): Promise<void>;
  /** SIGTERM, and waits. */
  stop(): Promise<void>;
}

export function startProgram(program: keyof typeof programs, env: Record<string, string>, onLine: (line: Record<string, unknown>) => void): Program {
  const child: ChildProcess = spawn(process.execPath, [join(import.meta.dirname, "../services", programs[program])], {
    env: { ...inherited(), ...env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const said = new Set<string>();
  let errors = "";
  let wake = (): void => {};
  let ended = false;
  const exit = once(child, "close").then(() => {
    ended = true;
    wake();
  });
  child.stderr!.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  createInterface({ input: child.stdout! }).on("line", (text) => {
    const line = JSON.parse(text) as Record<string, unknown>;
    said.add(String(line["message"]));
    wake();
    onLine(line);
  });
  return {
    async said(message) {
      while (!said.has(message)) {
        if (ended) throw new Error(errors.trim() || `the ${program} ended`);
        await new Promise<void>((resolve) => (wake = resolve));
      }
    },
    async stop() {
      child.kill("SIGTERM");
      await exit;
    },
  };
}
