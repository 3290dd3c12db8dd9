/** Frames ⇄ commands between a broker and a worker: MDP/0.1 (RFC 7) and MDP/0.2 (RFC 18). */
import { emptyFrame, formOf, headerIndex, preview, problem, serviceName } from "./message.ts";
import type { Body, Form, Problem, Version } from "./message.ts";

const headers = { "0.1": Buffer.from("MDPW01"), "0.2": Buffer.from("MDPW02") } as const satisfies Record<Version, Buffer>;

type Name = "ready" | "request" | "partial" | "final" | "heartbeat" | "disconnect";

/** The codes of RFC 7 (where 03 is REPLY, which ends a request like RFC 18's FINAL) and of RFC 18. */
const codes: Record<Version, Partial<Record<Name, number>>> = {
  "0.1": { ready: 1, request: 2, final: 3, heartbeat: 4, disconnect: 5 },
  "0.2": { ready: 1, request: 2, partial: 3, final: 4, heartbeat: 5, disconnect: 6 },
};

const codeFrames = [0, 1, 2, 3, 4, 5, 6].map((code) => Buffer.of(code));
const nameOf: Record<Version, readonly (Name | undefined)[]> = { "0.1": namesByCode("0.1"), "0.2": namesByCode("0.2") };

function namesByCode(version: Version): (Name | undefined)[] {
  const names: (Name | undefined)[] = [];
  for (const [name, code] of Object.entries(codes[version])) names[code] = name as Name;
  return names;
}

/** Anything that passes between broker and worker. `address` is the client's envelope, opaque to the worker. */
export type WorkerMessage = Ready | Bodied<"request"> | Bodied<"partial"> | Bodied<"final"> | Bare<"heartbeat"> | Bare<"disconnect">;

interface Ready {
  readonly kind: "ready";
  readonly form: Form;
  readonly service: string;
}

interface Bodied<Kind> {
  readonly kind: Kind;
  readonly form: Form;
  readonly address: Body;
  readonly body: Body;
}

interface Bare<Kind> {
  readonly kind: Kind;
  readonly form: Form;
}

/** Reads what a worker sent to a broker, without the routing id. A REQUEST is a problem here. Never throws. */
export function decodeFromWorker(frames: readonly Buffer[]): Exclude<WorkerMessage, Bodied<"request">> | Problem {
  const message = decode(frames);
  return message.kind === "request" ? problem("command", "REQUEST is not a worker's to send") : message;
}

function decode(frames: readonly Buffer[]): WorkerMessage | Problem {
  const at = headerIndex(frames);
  const header = frames[at];
  if (header === undefined) return problem("header", "missing");
  const version = header.equals(headers["0.2"]) ? "0.2" : header.equals(headers["0.1"]) ? "0.1" : undefined;
  if (version === undefined) return problem("header", `${preview(header)} is neither MDPW01 nor MDPW02`);
  const form = formOf(version, at === 1);
  const code = frames[at + 1];
  if (code === undefined) return problem("command", "missing");
  const kind = code.length === 1 ? nameOf[version][code[0]!] : undefined;
  switch (kind) {
    case undefined:
      return problem("command", `${preview(code)} is no command of MDP/${version}`);
    case "ready": {
      const service = serviceName(frames[at + 2]);
      if (typeof service !== "string") return service;
      if (frames.length > at + 3) return problem("end", `${frames.length - at - 3} frames too many after READY`);
      return { kind, form, service };
    }
    case "heartbeat":
    case "disconnect":
      // Frames after these two commands carry nothing; a peer of a later version is not worth losing over them.
      return { kind, form };
    default:
      return decodeBody(kind, form, frames, at + 2);
  }
}

/** `address… | empty | body…`: the envelope ends at the first empty frame (RFC 18, "client address (envelope stack)"). */
function decodeBody(kind: "request" | "partial" | "final", form: Form, frames: readonly Buffer[], at: number): WorkerMessage | Problem {
  let end = at;
  while (end < frames.length && frames[end]!.length > 0) end += 1;
  if (end === at) return problem("address", "missing");
  if (end === frames.length) return problem("delimiter", "no empty frame after the client's address");
  if (end === frames.length - 1) return problem("body", "missing");
  return { kind, form, address: frames.slice(at, end), body: frames.slice(end + 1) };
}

/**
 * The frames of a command in the peer's form, without the routing id. Error: a PARTIAL for MDP/0.1, which has none; the
 * sender knows the version and must not try.
 */
export function encodeWorkerMessage(message: WorkerMessage): Buffer[] {
  const { version, delimited } = message.form;
  const code = codes[version][message.kind];
  if (code === undefined) throw new RangeError(`MDP/${version} has no ${message.kind.toUpperCase()}`);
  const frames: Buffer[] = delimited ? [emptyFrame] : [];
  frames.push(headers[version], codeFrames[code]!);
  if (message.kind === "ready") frames.push(Buffer.from(message.service, "latin1"));
  else if ("body" in message) frames.push(...message.address, emptyFrame, ...message.body);
  return frames;
}
