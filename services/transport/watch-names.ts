import { resolveEndpoint } from "./resolve.ts";

export interface NameWatch {
  close(): void;
}

/** Milliseconds between two looks at the names. */
const everyMs = 2_000;

/**
 * Resolves the names of `endpoints` at once and then every two seconds. `onAddresses` gets all of them each time; a name
 * that cannot be resolved keeps what it had, and `onProblem` is told once for each new reason.
 */
export function watchNames(
  endpoints: readonly string[],
  on: { onAddresses(addresses: string[]): void; onProblem(endpoint: string, reason: string): void },
): NameWatch {
  const known = new Map<string, string[]>();
  const problems = new Map<string, string>();
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  const look = async (endpoint: string): Promise<void> => {
    try {
      known.set(endpoint, await resolveEndpoint(endpoint));
      problems.delete(endpoint);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      const reason = code ?? message;
      if (!closed && problems.get(endpoint) !== reason) on.onProblem(endpoint, reason);
      problems.set(endpoint, reason);
    }
  };

  const lookAtAll = async (): Promise<void> => {
    await Promise.all(endpoints.map(look));
    if (closed) return;
    on.onAddresses([...new Set([...known.values()].flat())]);
    timer = setTimeout(() => void lookAtAll(), everyMs);
  };

  void lookAtAll();
  return {
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}
