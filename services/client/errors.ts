import type { Executed } from "../majordomo/extension/codes.ts";
import type { FailureName } from "./outbox.ts";

export type { Executed } from "../majordomo/extension/codes.ts";

/** A request that has no reply. The subclasses say why; `executed` whether it may have run all the same. */
export abstract class RequestError extends Error {
  readonly service: string;
  readonly executed: Executed;
  constructor(message: string, service: string, executed: Executed, cause?: unknown) {
    super(message, { cause });
    this.name = new.target.name;
    this.service = service;
    this.executed = executed;
  }
}

/** Nothing was heard of it in time: no broker, or one that does not answer. */
export class RequestTimeout extends RequestError {}

/** The broker says that its time was over: no worker was free, or the handler was too slow. */
export class RequestExpired extends RequestError {}

/** No worker serves the service. */
export class NoSuchService extends RequestError {}

/** The broker refused it because of a bound, which the message names. */
export class BrokerBusy extends RequestError {}

/** Its handler failed. */
export class HandlerFailed extends RequestError {}

/** Its worker, or the connection, was lost after a part of the reply. */
export class RequestInterrupted extends RequestError {}

/** The broker ended before it was answered. */
export class BrokerDraining extends RequestError {}

/** Its workers were lost as often as the broker allows. */
export class WorkerLost extends RequestError {}

/** The request or its reply is too large. */
export class TooLarge extends RequestError {}

/** The connection to its broker was lost, and it cannot be known whether it ran. */
export class ConnectionLost extends RequestError {}

/** The client's key is not admitted to the service. */
export class RequestForbidden extends RequestError {}

/** The caller's signal ended it; `cause` is the signal's reason. */
export class RequestAborted extends RequestError {}

/** The client was closed. */
export class ClientClosed extends RequestError {}

/** The request cannot be sent at all, or the broker does not take it for one. */
export class RequestInvalid extends RequestError {}

/** The class of each failure. */
export const failureClasses: Readonly<Record<FailureName, new (message: string, service: string, executed: Executed, cause?: unknown) => RequestError>> = {
  busy: BrokerBusy,
  expired: RequestExpired,
  no_such_service: NoSuchService,
  failed: HandlerFailed,
  interrupted: RequestInterrupted,
  draining: BrokerDraining,
  worker_lost: WorkerLost,
  too_large: TooLarge,
  invalid: RequestInvalid,
  forbidden: RequestForbidden,
  timeout: RequestTimeout,
  cancelled: RequestAborted,
  closed: ClientClosed,
  connection_lost: ConnectionLost,
};
