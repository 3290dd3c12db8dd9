/** What both halves of Majordomo share: versions, framing and problems. RFC 7 is MDP/0.1, RFC 18 is MDP/0.2. */
export type Version = "0.1" | "0.2";

/** How a peer frames its messages. What is sent to that peer mirrors it. */
export interface Form {
  readonly version: Version;
  /** Whether an empty frame stands before the header, as a REQ socket or an MDP/0.1 peer sends it. */
  readonly delimited: boolean;
  /**
   * A client that numbers its commands like a worker's (REQUEST 02, PARTIAL 03, FINAL 04) instead of as RFC 18 has it (01, 02, 03);
   * majortomo's do. No client sends a PARTIAL, so it cannot be mistaken.
   */
  readonly shifted?: true;
}

/** What is wrong with a message: `where` names the frame, `what` says how it differs from the RFC. */
export interface Problem {
  readonly kind: "problem";
  readonly where: "header" | "command" | "service" | "address" | "delimiter" | "body" | "end";
  readonly what: string;
}

/** A request's or reply's body: one or more opaque frames. */
export type Body = readonly Buffer[];

const forms: Record<Version, { delimited: Form; bare: Form }> = {
  "0.1": { delimited: { version: "0.1", delimited: true }, bare: { version: "0.1", delimited: false } },
  "0.2": { delimited: { version: "0.2", delimited: true }, bare: { version: "0.2", delimited: false } },
};

/** The one object of each form, so that no message allocates its own. */
export function formOf(version: Version, delimited: boolean): Form {
  return delimited ? forms[version].delimited : forms[version].bare;
}

const shiftedForms = { delimited: { ...forms["0.2"].delimited, shifted: true }, bare: { ...forms["0.2"].bare, shifted: true } } as const;

/** The form of an MDP/0.2 client that numbers its commands like a worker's. */
export function shiftedForm(delimited: boolean): Form {
  return delimited ? shiftedForms.delimited : shiftedForms.bare;
}

export const emptyFrame: Buffer = Buffer.alloc(0);

export function problem(where: Problem["where"], what: string): Problem {
  return { kind: "problem", where, what };
}

/** The header's index: at most one empty frame is skipped, so that an empty body is never taken for an envelope's end. */
export function headerIndex(frames: readonly Buffer[]): 0 | 1 {
  return frames.length > 0 && frames[0]!.length === 0 ? 1 : 0;
}

export const maxServiceNameBytes = 255;

/** The service's name, or what is wrong with it: RFC 7 and 18 ask for a printable string. */
export function serviceName(frame: Buffer | undefined): string | Problem {
  if (frame === undefined) return problem("service", "missing");
  if (frame.length === 0) return problem("service", "empty");
  if (frame.length > maxServiceNameBytes) return problem("service", `${frame.length} bytes long, at most ${maxServiceNameBytes} are allowed`);
  for (const byte of frame) {
    if (byte < 0x20 || byte > 0x7e) return problem("service", `not printable ASCII: ${preview(frame)}`);
  }
  return frame.toString("latin1");
}

/** What a frame that should not be there looks like: a header or a command. Of another only the length, since it may be somebody's data. */
export function preview(frame: Buffer): string {
  if (frame.length === 1) return `0x${frame.toString("hex")}`;
  const text = frame.toString("latin1", 0, 7);
  return /^(MDP|ZST)[CW]\d\d$/.test(text) ? JSON.stringify(text) : `a frame of ${frame.length} bytes`;
}
