const code = { known: Buffer.from("200"), unknown: Buffer.from("404"), notImplemented: Buffer.from("501") } as const;

/** What the broker's own services look at. */
export interface Managed {
  hasWorkers(service: string): boolean;
  /** The broker's state as JSON. */
  status(): string;
}

/**
 * The broker's own services, whose names begin `mmi.` (RFC 8, Majordomo Management Interface): `mmi.service` asks whether the
 * service named in the body has workers (200 or 404), `mmi.status` for the broker's state as JSON; any other is answered 501.
 * @returns the answer's body, or nothing where the name is an ordinary service's.
 */
export function answerManagement(service: string, body: Buffer, managed: Managed): Buffer | undefined {
  if (!service.startsWith("mmi.")) return undefined;
  if (service === "mmi.service") return managed.hasWorkers(body.toString("latin1")) ? code.known : code.unknown;
  if (service === "mmi.status") return Buffer.from(managed.status());
  return code.notImplemented;
}
