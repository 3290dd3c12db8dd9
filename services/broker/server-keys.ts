import type { Side } from "../contract/metrics.ts";
import type { Connection } from "../transport/zmtp/connection.ts";
import { encodeZ85 } from "../transport/zmtp/z85.ts";
import type { Security } from "./broker.ts";

/** A server key, and who came in by it: whoever changes keys wants to know who still uses the old one. */
export type ServerKeyUse = { readonly publicKey: string; readonly accepted: boolean } & Record<Side, number>;

export interface ServerKeyUses {
  opened(side: Side, connection: Connection): void;
  closed(side: Side, connection: Connection): void;
  /** The accepted ones, in the order of the broker's settings, then those by which somebody is still connected. */
  list(): ServerKeyUse[];
}

export function countServerKeyUses(security: Security): ServerKeyUses {
  const uses = new Map<string, Record<Side, number>>();
  const add = (side: Side, { identity }: Connection, step: 1 | -1): void => {
    const key = identity?.serverKey;
    if (key === undefined) return;
    const use = uses.get(key) ?? { frontend: 0, backend: 0 };
    use[side] += step;
    if (use.frontend + use.backend === 0) uses.delete(key);
    else uses.set(key, use);
  };
  return {
    opened: (side, connection) => add(side, connection, 1),
    closed: (side, connection) => add(side, connection, -1),
    list() {
      const accepted = security?.frontend.keys().map(({ publicKey }) => encodeZ85(publicKey)) ?? [];
      return [...new Set([...accepted, ...uses.keys()])].map((publicKey) => ({
        publicKey,
        accepted: accepted.includes(publicKey),
        ...(uses.get(publicKey) ?? { frontend: 0, backend: 0 }),
      }));
    },
  };
}
