import { backoff } from "../../services/client/core.ts";
import type { BrokerLimits } from "../../services/broker/outbox.ts";
import type { Color, Pod } from "./colors.ts";
import { Broken } from "./ledger.ts";
import type { Ledger } from "./ledger.ts";
import type { Plan } from "./update.ts";

/** Counted from when everybody knows where the Service leads and which colour is active. */
export interface TimesToLeave {
  /** So long a client of ours may send to the other colour: its last try to find an active broker was in vain, and then it waited. */
  readonly sendMs: number;
  /** So long its connection may stay there, for what it sent there. */
  readonly oursMs: number;
  /** So long a plain client's may: it is moved after a delay, and when nothing is held for it. */
  readonly plainMs: number;
}

export function timesToLeave({
  longestRequestMs,
  plainClientDelayMs,
  roleDelayMs,
}: Pick<BrokerLimits, "longestRequestMs" | "plainClientDelayMs" | "roleDelayMs">): TimesToLeave {
  const sendMs = backoff.lastMs + 1_000;
  return { sendMs, oursMs: sendMs + longestRequestMs, plainMs: Math.max(plainClientDelayMs, 2 * roleDelayMs) + longestRequestMs + 2_000 };
}

/** Clients leave the colour that is not active in the time that is stated. */
export function watchWhoStays(plan: Plan, times: TimesToLeave): void {
  const { world, colors, ledger } = plan;
  let sinceMs: number | undefined;
  const look = (): void => {
    sinceMs = colors.informed && plan.probing === 0 ? (sinceMs ?? world.nowMs) : undefined;
    if (sinceMs !== undefined)
      for (const pod of colors.pods) if (pod.color !== colors.active && pod.node.alive) checkLeft(pod, colors.active, ledger, world.nowMs, sinceMs, times);
    world.later(50, undefined, look);
  };
  look();
}

function checkLeft({ name, node }: Pod, active: Color, ledger: Ledger, nowMs: number, sinceMs: number, { sendMs, oursMs, plainMs }: TimesToLeave): void {
  const tookMs = nowMs - sinceMs;
  const after = `${Math.round(tookMs)} ms after everybody knew that ${active} is active`;
  const { ours, plain } = node.core.clients.connected;
  if (tookMs > oursMs && ours > 0) throw new Broken(`${ours} clients of ours are connected to ${name}, ${after}`);
  if (tookMs > plainMs && plain > 0) throw new Broken(`${plain} plain clients are connected to ${name}, ${after}`);
  if (tookMs <= sendMs || node.core.waiting + node.core.held === 0) return;
  const untilMs = sinceMs + sendMs + node.now() - nowMs;
  for (const client of node.core.clients.all()) {
    for (const request of client.requests.values()) {
      if (!("ended" in request) || request.ended || request.acceptedAtMs <= untilMs || ledger.of(request.body).whose === "probe") continue;
      throw new Broken(`a client of ours sends to ${name} still, ${after}`);
    }
  }
}
