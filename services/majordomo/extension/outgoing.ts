import { emptyFrame } from "../message.ts";
import { RecordWriter } from "./writer.ts";

/** A message to a peer of ours ends where it has so many bytes or so many bodies of their own; the next one begins. */
const messageBytes = 32_768;
const messageBodies = 16;

/** One connection, and the records that are gathered for it in this turn of the event loop. */
export interface Gathering {
  readonly connection: {
    readonly closed: boolean;
    send(frames: readonly Buffer[]): boolean;
    flush(): void;
  };
  /** The peer's messages begin with an empty frame, and so do ours to it. */
  delimited: boolean;
  writer: RecordWriter | undefined;
}

export interface Outgoing<To extends Gathering> {
  /** The writer for a peer of ours; what is written goes out at the end of this turn, with all else for that peer. */
  writer(to: To): RecordWriter;
  /** Call it after a record that may be large. */
  written(to: To): void;
  /** A message as it is, for a plain peer. @returns false where it was not taken. */
  send(to: To, frames: Buffer[]): boolean;
  /** Sends all that was gathered, now. */
  flush(): void;
}

export interface OutgoingOptions<To> {
  /** false: one record a message. */
  readonly packing?: boolean;
  onSent?(): void;
  /** The peer does not read: a message was not taken. */
  onSlow?(to: To): void;
}

/** Gathers what is to be sent until the turn ends, so that many records share a message and many messages a system call. */
export function createOutgoing<To extends Gathering>({ packing = true, onSent, onSlow }: OutgoingOptions<To>): Outgoing<To> {
  const idle: RecordWriter[] = [];
  let dirty: To[] = [];
  let scheduled = false;

  const send = (to: To, frames: Buffer[]): boolean => {
    if (to.connection.send(frames)) {
      onSent?.();
      return true;
    }
    if (!to.connection.closed) onSlow?.(to);
    return false;
  };

  const end = (to: To, writer: RecordWriter): void => {
    if (writer.records === 0) return;
    const frames = writer.take();
    if (to.delimited) frames.unshift(emptyFrame);
    send(to, frames);
  };

  const flush = (): void => {
    scheduled = false;
    const all = dirty;
    dirty = [];
    for (const to of all) {
      const writer = to.writer!;
      to.writer = undefined;
      end(to, writer);
      idle.push(writer);
      to.connection.flush();
    }
  };

  return {
    flush,
    send,
    writer(to) {
      if (to.writer === undefined) {
        to.writer = idle.pop() ?? new RecordWriter();
        dirty.push(to);
        if (!scheduled) setImmediate(flush);
        scheduled = true;
      }
      return to.writer;
    },
    written(to) {
      const { writer } = to;
      if (writer !== undefined && (!packing || writer.size >= messageBytes || writer.ownFrames >= messageBodies)) end(to, writer);
    },
  };
}
