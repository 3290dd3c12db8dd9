import type { Role } from "../majordomo/extension/codes.ts";
import type { BrokerLimits } from "./outbox.ts";
import type { ClientPeer } from "./state.ts";

/**
 * Makes plain clients come back elsewhere, since nobody can tell them to: closes their connections while nothing is held for them.
 * Those that are there when the delay after a change from active to standby, or after SIGTERM, ends lose it then. Who comes to a standby may have
 * been sent there before the broker has learned that it is active; where it does not learn so in time, they lose it too.
 */
export interface MovePlain {
  setRole(role: Role): void;
  /** A connection is gone. */
  closed(peer: ClientPeer): void;
  /** `there` are the connections of plain clients, and of those that have not said yet what they are. */
  pulse(nowMs: number, there: () => Iterable<ClientPeer>): void;
}

/** At each pulse one of so many is moved, so that they do not all knock at the others at once. */
const movedShare = 20;

export function createMovePlain({ plainClientDelayMs, roleDelayMs }: BrokerLimits, close: (peer: ClientPeer) => void): MovePlain {
  let role: Role = "active";
  /** It has been active for a pulse or more: at a process' start the role is not known yet. */
  let wasActive = false;
  let becameStandby = false;
  let nextRoundAtMs: number | undefined;
  /** Those that were there at the last round, and those that are to go. */
  let seen = new Set<ClientPeer>();
  const toMove = new Set<ClientPeer>();

  const allLeave = (): boolean => becameStandby || role === "terminating";

  const beginRound = (there: ReadonlySet<ClientPeer>): void => {
    for (const peer of there) if (allLeave() || seen.has(peer)) toMove.add(peer);
    becameStandby = false;
    seen = new Set(there);
  };

  const closeSome = (): void => {
    let closable = Math.ceil(toMove.size / movedShare);
    for (const peer of toMove) {
      if (closable === 0) return;
      if (peer.client !== undefined && peer.client.outstanding > 0) continue;
      closable -= 1;
      toMove.delete(peer);
      close(peer);
    }
  };

  return {
    setRole(next) {
      becameStandby = wasActive && role === "active" && next === "standby";
      nextRoundAtMs = undefined;
      seen.clear();
      toMove.clear();
      role = next;
    },
    closed(peer) {
      seen.delete(peer);
      toMove.delete(peer);
    },
    pulse(nowMs, there) {
      wasActive ||= role === "active";
      if (role === "active") return;
      nextRoundAtMs ??= nowMs + (allLeave() ? plainClientDelayMs : roleDelayMs);
      if (nowMs >= nextRoundAtMs) {
        beginRound(new Set(there()));
        nextRoundAtMs = nowMs + roleDelayMs;
      }
      if (toMove.size > 0) closeSome();
    },
  };
}
