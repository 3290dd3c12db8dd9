/** Whether a request that failed may have been run. */
export type Executed = "no" | "maybe";

/** A request that has no reply. The subclasses say why. */
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

/** No reply came in time, whatever the reason: no broker, no worker, a slow handler, or one that failed. */
export class RequestTimeout extends RequestError {}

/** The caller's signal ended it; `cause` is the signal's reason. */
export class RequestAborted extends RequestError {}

/** The client was closed. */
export class ClientClosed extends RequestError {}

/** The request cannot be sent at all: its service's name or its size is not allowed. */
export class RequestInvalid extends RequestError {}
