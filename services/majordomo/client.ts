/** Frames ⇄ commands between a client and a broker: MDP/0.1 (RFC 7), MDP/0.2 (RFC 18) and the seed's `PING`. */
import { emptyFrame, formOf, headerIndex, preview, problem, serviceName, shiftedForm } from "./message.ts";
import type { Body, Form, Problem } from "./message.ts";

const header01 = Buffer.from("MDPC01");
const header02 = Buffer.from("MDPC02");
const requestCode = Buffer.of(0x01);
const partialCode = Buffer.of(0x02);
const finalCode = Buffer.of(0x03);
const shiftedFinalCode = Buffer.of(0x04);
const ping = Buffer.from("PING");
const pong = Buffer.from("PONG");

export type FromClient =
  | { readonly kind: "request"; readonly form: Form; readonly service: string; readonly body: Body }
  | { readonly kind: "ping"; readonly delimited: boolean }
  | Problem;

export type ToClient =
  | { readonly kind: "reply"; readonly form: Form; readonly part: "partial" | "final"; readonly service: string; readonly body: Body }
  | { readonly kind: "pong"; readonly delimited: boolean };

/** Reads what a client sent: `[empty] header [code] service body…`, without the routing id. Never throws. */
export function decodeFromClient(frames: readonly Buffer[]): FromClient {
  const at = headerIndex(frames);
  const delimited = at === 1;
  const header = frames[at];
  if (header === undefined) return problem("header", "missing");
  if (header.equals(header02) && frames[at + 1]?.equals(partialCode)) return decodeRequest(frames, at + 2, shiftedForm(delimited), requestCode);
  if (header.equals(header02)) return decodeRequest(frames, at + 2, formOf("0.2", delimited), frames[at + 1]);
  if (header.equals(header01)) return decodeRequest(frames, at + 1, formOf("0.1", delimited), requestCode);
  if (header.equals(ping)) {
    return frames.length === at + 1 ? { kind: "ping", delimited } : problem("end", `${frames.length - at - 1} frames too many after PING`);
  }
  return problem("header", `${preview(header)} is none of MDPC01, MDPC02 and PING`);
}

function decodeRequest(frames: readonly Buffer[], at: number, form: Form, code: Buffer | undefined): FromClient {
  if (code === undefined) return problem("command", "missing");
  if (!code.equals(requestCode)) return problem("command", `${preview(code)} is not REQUEST (0x01)`);
  const service = serviceName(frames[at]);
  if (typeof service !== "string") return service;
  if (frames.length === at + 1) return problem("body", "missing");
  return { kind: "request", form, service, body: frames.slice(at + 1) };
}

/** The frames of a reply in the client's own form, without the routing id. */
export function encodeToClient(message: ToClient): Buffer[] {
  if (message.kind === "pong") return message.delimited ? [emptyFrame, pong] : [pong];
  const frames: Buffer[] = message.form.delimited ? [emptyFrame] : [];
  if (message.form.version === "0.1") frames.push(header01);
  else if (message.form.shifted === true) frames.push(header02, message.part === "final" ? shiftedFinalCode : finalCode);
  else frames.push(header02, message.part === "final" ? finalCode : partialCode);
  frames.push(Buffer.from(message.service, "latin1"), ...message.body);
  return frames;
}
