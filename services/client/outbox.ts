import type { ErrorName, Executed } from "../majordomo/extension/codes.ts";

/** One connection to a broker; each try has a number of its own. */
export type Link = number;

/** How a request ended: the broker's errors, and those that only a client knows. */
export type FailureName = ErrorName | "timeout" | "cancelled" | "closed" | "connection_lost";

export type Outcome =
  | { readonly kind: "reply"; readonly body: Buffer }
  | { readonly kind: "error"; readonly name: FailureName; readonly executed: Executed; readonly message: string };

/** What the core wants done; the names are those of the records of SPEC.md. Implementations must not call the core back before they return. */
export interface ClientOutbox<Call> {
  /** Connect to the next address; then call `opened` or `lost`. */
  open(link: Link, attempt: number): void;
  close(link: Link): void;
  /** `lineage`: connections with the same number are the same client to a broker, and have the same instance in their HELLO. */
  hello(link: Link, lineage: number): void;
  heartbeat(link: Link): void;
  request(link: Link, id: number, timeoutMs: number, retry: boolean, service: string, trace: string | undefined, partialCredit: number, body: Buffer): void;
  cancel(link: Link, id: number): void;
  partialCredit(link: Link, id: number, count: number): void;
  disconnect(link: Link): void;
  /** A request's one outcome. */
  settle(call: Call, outcome: Outcome): void;
  /** A part of its reply. */
  part(call: Call, body: Buffer): void;
}

export interface ClientLimits {
  /** Milliseconds that a broker may take to say WELCOME. */
  readonly welcomeTimeoutMs: number;
  /** A number from 0 to below 1, so that clients do not come back all at once. */
  random(): number;
}
