import type { Body } from "../majordomo/message.ts";

const code = { known: Buffer.from("200"), unknown: Buffer.from("404"), notImplemented: Buffer.from("501") } as const;

/**
 * The broker's own services, whose names begin `mmi.` (RFC 8, Majordomo Management Interface). `mmi.service` asks whether
 * the service named in the body has workers: 200 or 404. Any other `mmi.` name is answered 501.
 * @returns the answer's body, or nothing where the name is an ordinary service's.
 */
export function answerManagement(service: string, body: Body, hasWorkers: (service: string) => boolean): Buffer | undefined {
  if (!service.startsWith("mmi.")) return undefined;
  if (service !== "mmi.service") return code.notImplemented;
  return hasWorkers(body[body.length - 1]!.toString("latin1")) ? code.known : code.unknown;
}
