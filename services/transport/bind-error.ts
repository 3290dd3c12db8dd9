/** An endpoint that could not be bound, with the operating system's reason in `code` (EADDRINUSE, EACCES, …). */
export class BindError extends Error {
  readonly endpoint: string;
  readonly code: string;
  constructor(endpoint: string, cause: Error & { code?: string }) {
    super(`cannot bind ${endpoint}: ${cause.message}`, { cause });
    this.name = "BindError";
    this.endpoint = endpoint;
    this.code = cause.code ?? "UNKNOWN";
  }
}
