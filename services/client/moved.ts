import { setTimeout as sleep } from "node:timers/promises";
import type { Status } from "../broker/status.ts";
import type { ClientOptions } from "./client.ts";
import { everyBroker } from "./every-broker.ts";

const lookEveryMs = 1_000;
const statusMs = 3_000;

export interface MovedOptions {
  /** A name that all brokers are behind, and the colour that is to be left. */
  readonly endpoint: string;
  readonly color: string;
  readonly curve: ClientOptions["curve"];
  /** So many brokers stay: where there are no more, nobody has to leave. */
  readonly keep: number;
  readonly atLeastMs: number;
  readonly atMostMs: number;
  onLook(text: string): void;
}

/**
 * Waits until clients have left the brokers of a colour and nothing is held there, for `atLeastMs` in any case: who wants to go
 * back finds them as they were.
 * @returns whether all left before `atMostMs`.
 */
export async function moved({ endpoint, color, curve, keep, atLeastMs, atMostMs, onLook }: MovedOptions): Promise<boolean> {
  const startedAtMs = performance.now();
  let said = "";
  for (;;) {
    const tookMs = performance.now() - startedAtMs;
    // Who does not answer has ended, or is about to.
    const brokers = await everyBroker([endpoint], curve, statusMs).then(
      (found) => found.flatMap(({ status }) => (status?.color === color ? [status] : [])),
      (error: NodeJS.ErrnoException) => error,
    );
    const text = brokers instanceof Error ? `the name in ${endpoint} cannot be resolved (${brokers.code ?? brokers.message})` : describe(color, brokers);
    if (text !== said) onLook(text);
    said = text;
    if (!(brokers instanceof Error)) {
      if (brokers.length <= keep) return true;
      if (brokers.every(isEmpty) && tookMs >= atLeastMs) return true;
    }
    if (tookMs >= Math.max(atLeastMs, atMostMs)) return false;
    await sleep(lookEveryMs);
  }
}

function isEmpty({ connectedClients, waiting, held }: Status): boolean {
  return connectedClients.ours + connectedClients.plain + waiting + held === 0;
}

function describe(color: string, brokers: readonly Status[]): string {
  const sum = (of: (status: Status) => number): number => brokers.reduce((total, status) => total + of(status), 0);
  const roles = [...new Set(brokers.map(({ role }) => role))].sort().join(", ");
  return `${color}: ${brokers.length} brokers${roles && ` (${roles})`}, clients: ${sum(({ connectedClients }) => connectedClients.ours)} ours, ${sum(({ connectedClients }) => connectedClients.plain)} plain; requests: ${sum(({ waiting, held }) => waiting + held)}`;
}
