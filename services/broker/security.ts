import type { Logger } from "../process/log.ts";
import { watchAdmittedKeys } from "../transport/admitted-keys.ts";
import { type ServerPair, watchServerPairs } from "../transport/server-pairs.ts";
import { encodeZ85 } from "../transport/zmtp/z85.ts";
import type { Security } from "./broker.ts";
import type { BrokerKeys } from "./settings.ts";

/** CURVE for both sides, each with a list of its own: a worker's key opens no frontend; and when the oldest of the broker's pairs was made. */
export function createSecurity(keys: BrokerKeys | undefined, log: Logger): { security: Security; keysCreated(): number } {
  if (keys === undefined) return { security: undefined, keysCreated: () => 0 };
  const pairs = ownPairs(keys, log);
  const side = (name: string, path: string) => {
    const admitted = watchAdmittedKeys(
      path,
      (problem) => log.error({ side: name, problem }, "admitted keys"),
      (count) => log.info({ side: name, path, count }, "admitted keys read"),
    );
    return { keys: pairs, admit: admitted.admit };
  };
  return {
    security: { frontend: side("frontend", keys.clientKeysFile), backend: side("backend", keys.workerKeysFile) },
    // One that still opens counts, even if a newer one is used first; one of unknown age says nothing.
    keysCreated() {
      const known = pairs()
        .map(({ createdSeconds }) => createdSeconds)
        .filter((seconds) => seconds > 0);
      return known.length > 0 ? Math.min(...known) : 0;
    },
  };
}

/** The broker's own pairs, now; more than one while they are changed. */
function ownPairs({ pair, pairsFile }: BrokerKeys, log: Logger): () => readonly ServerPair[] {
  if (pairsFile === undefined) return () => [pair];
  const watched = watchServerPairs(
    pairsFile,
    pair,
    (problem) => log.error({ problem }, "server keys"),
    (all) => log.info({ publicKeys: all.map(({ publicKey }) => encodeZ85(publicKey)) }, "server keys read"),
  );
  return () => watched.pairs;
}
