import { connect } from "./connect.ts";
import { limits } from "./limits.ts";
import { chooseKeys } from "./peer-keys.ts";
import type { CurveSource } from "./peer-keys.ts";

/**
 * Asks a broker's frontend whether it answers, as the seed's REQ socket does: `PING`, answered by `PONG`.
 * @returns nothing where all is well, else the reason in words.
 */
export function ping(endpoint: string, timeoutMs: number, curve?: CurveSource): Promise<string | undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => done(`no answer from ${endpoint} within ${timeoutMs} ms`), timeoutMs);
    const done = (problem: string | undefined): void => {
      clearTimeout(timer);
      resolve(problem);
      connection.destroy();
    };
    const connection = connect({
      endpoint,
      keys: curve && chooseKeys(curve),
      limits: { ...limits, maxFrameBytes: 1024, maxFrames: 4, maxUnsentBytes: 1024, connectTimeoutMs: timeoutMs },
      onOpen: (opened) => void opened.send([Buffer.alloc(0), Buffer.from("PING")]),
      onMessage: (_, frames) => done(frames.at(-1)?.toString() === "PONG" ? undefined : "the answer was not PONG"),
      onClose: (_, error) => done(error?.message ?? `${endpoint} closed the connection`),
      onFailure: (error) => done(error.message),
    });
  });
}
