import { globSync, readFileSync } from "node:fs";

/** Every command line that this machine's list of processes shows, from now on: what one runs by hand, and a local node's pods. */
export class CommandLines {
  readonly #seen = new Set<string>();
  readonly #timer = setInterval(() => this.#look(), 500);

  constructor() {
    this.#look();
  }

  get text(): string {
    return [...this.#seen].join("\n");
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    for (const file of globSync("/proc/[0-9]*/cmdline")) {
      try {
        this.#seen.add(readFileSync(file, "utf8").replaceAll("\0", " "));
      } catch {
        // it has ended meanwhile
      }
    }
  }
}
