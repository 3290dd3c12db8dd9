import { createQueue } from "../structures/queue.ts";
import type { BrokerLimits } from "./outbox.ts";
import type { Client, Ended } from "./state.ts";

/** The window in which a retry of an ended request is recognised: bounded by number, bytes and age; the oldest goes first. */
export interface Memory {
  readonly length: number;
  remember(ended: Ended): void;
  forgetOld(nowMs: number): void;
  forgetClient(client: Client): void;
}

/** What an entry costs beside its body. */
const entryBytes = 200;

export function createMemory({ dedupeMaxReplies, dedupeMaxBytes, dedupeMs }: BrokerLimits): Memory {
  const entries = createQueue<Ended>();
  let bytes = 0;

  const forgetFirst = (): void => {
    const entry = entries.pop()!;
    bytes -= entry.bytes;
    if (entry.client.requests.get(entry.id) === entry) entry.client.requests.delete(entry.id);
  };

  return {
    get length() {
      return entries.length;
    },
    remember(ended) {
      if (ended.bytes + entryBytes > dedupeMaxBytes || dedupeMaxReplies === 0) {
        ended.client.requests.delete(ended.id);
        return;
      }
      ended.client.requests.set(ended.id, ended);
      entries.push(ended);
      bytes += ended.bytes;
      while (entries.length > dedupeMaxReplies || bytes + entries.length * entryBytes > dedupeMaxBytes) forgetFirst();
    },
    forgetOld(nowMs) {
      while (entries.length > 0 && nowMs - entries.first!.endedAtMs >= dedupeMs) forgetFirst();
    },
    forgetClient(client) {
      client.requests.clear();
    },
  };
}
