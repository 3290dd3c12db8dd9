import { connect, createServer } from "node:net";
import type { Socket } from "node:net";
import { atEnd, freePort } from "./processes.ts";

/** A way to a port that can be cut, or stopped, without a word: neither side is told, as when a cable is pulled. */
export interface Cable {
  readonly port: number;
  /** What is sent from now on comes through to nobody. */
  cut(): void;
  mend(): void;
  /** Lets so many bytes through from one end, and no more until `goOn`; resolves when there are more. */
  stopAfter(bytes: number, from: "near" | "far"): Promise<void>;
  goOn(): void;
}

/** `near` is who connects to it, `far` who listens on the port behind it. */
export async function cable(to: number): Promise<Cable> {
  const sockets = new Set<Socket>();
  const stopped = new Set<Socket>();
  let through = true;
  let budget: { left: number; readonly from: "near" | "far"; reached(): void } | undefined;
  const server = createServer((near) => {
    if (!through) {
      sockets.add(near);
      return;
    }
    const far = connect(to, "127.0.0.1");
    for (const [end, one, other] of [
      ["near", near, far],
      ["far", far, near],
    ] as const) {
      sockets.add(one);
      one.on("error", () => {}).on("close", () => through && other.end());
      one.on("data", (chunk) => {
        if (!through) return;
        other.write(chunk);
        if (budget === undefined || budget.from !== end) return;
        budget.left -= chunk.length;
        if (budget.left > 0) return;
        one.pause();
        stopped.add(one);
        budget.reached();
      });
    }
  });
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  atEnd(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return {
    port,
    cut: () => (through = false),
    mend: () => (through = true),
    stopAfter: (bytes, from) => new Promise((resolve) => (budget = { left: bytes, from, reached: resolve })),
    goOn() {
      budget = undefined;
      for (const socket of stopped) socket.resume();
      stopped.clear();
    },
  };
}
