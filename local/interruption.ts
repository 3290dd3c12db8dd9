import { Failure } from "./failure.ts";

/** What a command says that was ended with Ctrl-C. */
export const interruption = new Failure("Interrupted.");

let interrupted = false;

/**
 * The first Ctrl-C lets the running command end, which was interrupted with us, and then us; the second ends us at once.
 * Called once, by a command that has something to put in order.
 */
export function endInOrder(): void {
  process.on("SIGINT", () => {
    if (interrupted) process.exit(130);
    interrupted = true;
  });
}

/** Throws when there was a Ctrl-C. */
export function goOn(): void {
  if (interrupted) throw interruption;
}
