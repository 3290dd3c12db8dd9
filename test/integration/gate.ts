import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { vi } from "vitest";
import { folder, waiting } from "./processes.ts";

/** A request that the handler `handlers/gate.ts` answers when the test says so. */
export interface Gate {
  /** The request's body. */
  readonly body: string;
  /** Waits until this many deliveries have begun. @returns the workers' process ids. */
  started(count?: number): Promise<number[]>;
  /** Lets it be answered, with a reply of at least so many bytes. */
  open(replyBytes?: number): void;
}

export const gateHandler = join(import.meta.dirname, "handlers/gate.ts");

export function createGate(): Gate {
  const body = join(folder(), "gate");
  return {
    body,
    started: (count = 1) =>
      vi.waitFor(() => {
        const pids = existsSync(`${body}.started`) ? readFileSync(`${body}.started`, "utf8").trim().split("\n").map(Number) : [];
        if (pids.length < count) throw new Error(`${pids.length} of ${count} deliveries have begun`);
        return pids;
      }, waiting),
    open(replyBytes = 1) {
      // Written aside first, so that the handler never reads half of it.
      writeFileSync(`${body}.closed`, String(replyBytes));
      renameSync(`${body}.closed`, `${body}.open`);
    },
  };
}
