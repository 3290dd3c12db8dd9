import { environment } from "../../services/contract/environment.ts";
import type { Settings } from "../settings.ts";

// Beyond the longest request: for the last replies, and then for a process that does not end by itself.
const lastRepliesSeconds = 5;
const beforeKillSeconds = 10;

/** The longest request that a process can be told to wait for. */
export const longestRequestLimit = environment.shutdownGraceSeconds.range[1] - lastRepliesSeconds;

/** How long a process may take to end, and how long its pod waits before it kills the process. */
export function gracePeriods({ longestRequestSeconds }: Settings): { processSeconds: number; podSeconds: number } {
  const processSeconds = Math.ceil(longestRequestSeconds) + lastRepliesSeconds;
  return { processSeconds, podSeconds: processSeconds + beforeKillSeconds };
}
