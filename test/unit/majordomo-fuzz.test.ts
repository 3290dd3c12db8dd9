import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeFromClient } from "../../services/majordomo/client.ts";
import { isClientMessage, readFromClient } from "../../services/majordomo/extension/client.ts";
import { RecordError } from "../../services/majordomo/extension/reader.ts";
import { isWorkerMessage, readFromWorker } from "../../services/majordomo/extension/worker.ts";
import { decodeFromWorker } from "../../services/majordomo/worker.ts";

const headers = ["", "MDPC01", "MDPC02", "MDPC03", "MDPW01", "MDPW02", "MDPW9", "ZSTC01", "ZSTW01", "ZSTC02", "PING"].map((text) => Buffer.from(text));
const anyFrame = fc.oneof(
  fc.constantFrom(...headers),
  fc.integer({ min: 0, max: 9 }).map((byte) => Buffer.of(byte)),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
);
const anyMessage = fc.array(anyFrame, { minLength: 1, maxLength: 9 });

test("whatever frames a peer sends, a decoder says what they are or what is wrong with them, and throws nothing", () => {
  fc.assert(
    fc.property(anyMessage, (frames) => {
      for (const decoded of [decodeFromClient(frames), decodeFromWorker(frames)]) {
        if (decoded.kind === "problem") expect(decoded.what).not.toBe("");
      }
    }),
    { numRuns: 5_000 },
  );
});

test("a message with a header of ours is read as far as it makes sense, or refused as a RecordError", () => {
  const visitor = new Proxy({} as never, { get: () => () => {} });
  fc.assert(
    fc.property(fc.constantFrom("ZSTC01", "ZSTW01"), fc.uint8Array({ maxLength: 400 }), anyMessage, (header, head, bodies) => {
      const frames = [Buffer.concat([Buffer.from(header), head]), ...bodies];
      try {
        if (isClientMessage(frames)) readFromClient(frames, visitor);
        else if (isWorkerMessage(frames)) readFromWorker(frames, visitor);
        else throw new Error(`${header} is not known as ours`);
      } catch (error) {
        expect(error).toBeInstanceOf(RecordError);
      }
    }),
    { numRuns: 5_000 },
  );
});
