import { expect, test } from "vitest";
import { createReplyMemory, createReplyReader, createReplyWriter, type ReplyVisitor } from "../../services/worker/crossing/replies.ts";

/** What is read, as short texts in order. */
function visitor(read: string[]): ReplyVisitor {
  return {
    reply: (slot, body) => read.push(`${slot} reply ${body.length} ${body.at(0) ?? "-"}`),
    partial: (slot, body) => read.push(`${slot} partial ${body.length} ${body.at(0) ?? "-"}`),
    error: (slot, name, message) => read.push(`${slot} ${name} ${message}`),
    dropped: (slot) => read.push(`${slot} dropped`),
  };
}

test("replies of every size arrive whole and in their order, however often the ring ends and begins anew, and however full it is", () => {
  const memory = createReplyMemory();
  const [read, written]: [string[], string[]] = [[], []];
  const ownMessages: ArrayBuffer[] = [];
  const reader = createReplyReader(memory, () => ownMessages.shift()!);
  let waited = 0;
  // The ring's other end reads only when the writer finds no room and wakes it.
  const writer = createReplyWriter(
    memory,
    (body) => ownMessages.push(body),
    () => {
      waited += 1;
      reader.read(visitor(read));
    },
  );
  for (let slot = 0; slot < 5_000; slot += 1) {
    const length = (slot * 37) % 5_000;
    const body = Buffer.alloc(length, slot % 251);
    const kind = slot % 2 === 0 ? "reply" : "partial";
    writer[kind](slot, body);
    written.push(`${slot} ${kind} ${length} ${body.at(0) ?? "-"}`);
    if (slot % 10 === 0) {
      writer.error(slot, "failed", "why");
      writer.dropped(slot);
      written.push(`${slot} failed why`, `${slot} dropped`);
    }
  }
  reader.read(visitor(read));
  expect(read).toEqual(written);
  expect(waited).toBeGreaterThan(5);
});
