import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fromClient, isClientMessage, readFromClient, readToClient, toClient } from "../../services/majordomo/extension/client.ts";
import { RecordError } from "../../services/majordomo/extension/reader.ts";
import { fromWorker, isWorkerMessage, readFromWorker, readToWorker, toWorker } from "../../services/majordomo/extension/worker.ts";
import { inlineBelowBytes, RecordWriter } from "../../services/majordomo/extension/writer.ts";

type Call = [string, ...unknown[]];

/** A visitor that writes down what it is told. */
function recorder<V extends object>(calls: Call[]): V {
  return new Proxy({} as V, {
    get:
      (_, name: string) =>
      (...values: unknown[]) =>
        void calls.push([name, ...values.map((value) => (Buffer.isBuffer(value) ? value.toString("hex") : value))]),
  });
}

const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const bodies = fc
  .oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.constantFrom(inlineBelowBytes - 1, inlineBelowBytes, 70_000).map((size) => new Uint8Array(size).fill(7)),
  )
  .map((bytes) => Buffer.from(bytes));
const names = fc.string({ unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)), minLength: 1, maxLength: 255 });
const texts = fc.string({ maxLength: 200 });
const instance = fc.uint8Array({ minLength: 8, maxLength: 8 }).map((bytes) => Buffer.from(bytes).toString("hex"));
const trace = fc.option(fc.string({ maxLength: 60 }), { nil: undefined });

test.each([
  [1, "blue", undefined],
  [2, "blue", "blue"],
  [2, "green", "green"],
  [2, undefined, undefined],
] as const)("WELCOME of version %i from a %s broker tells the colour %s", (version, color, told) => {
  const about = {
    version,
    instance: "0123456789abcdef",
    role: "active",
    heartbeatIntervalMs: 1,
    heartbeatLiveness: 2,
    maxBodyBytes: 3,
    maxOutstanding: 4,
  } as const;
  for (const [side, read] of [
    [toClient, readToClient],
    [toWorker, readToWorker],
  ] as const) {
    const writer = new RecordWriter();
    const calls: Call[] = [];
    side.welcome(writer, { ...about, color });
    side.heartbeat(writer, "active" as never); // what comes behind is read as well
    read(writer.take(), recorder<never>(calls));
    expect(calls[0]).toEqual(["welcome", { ...about, ...(told !== undefined && { color: told }) }]);
    expect(calls).toHaveLength(2);
  }
});

describe("what one side writes, the other reads, any number of records to a message", () => {
  test("client to broker", () => {
    const record = fc.oneof(
      fc.tuple(fc.constant("request" as const), u32, u32, fc.boolean(), names, trace, u32, bodies),
      fc.tuple(fc.constant("cancel" as const), u32),
      fc.tuple(fc.constant("partialCredit" as const), u32, u32),
      fc.tuple(fc.constant("hello" as const), fc.nat(255), fc.nat(255), instance),
      fc.tuple(fc.constantFrom("heartbeat" as const, "disconnect" as const)),
    );
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 20 }), (records) => {
        const writer = new RecordWriter();
        for (const [kind, ...values] of records) (fromClient[kind] as (to: RecordWriter, ...values: unknown[]) => void)(writer, ...values);
        const calls: Call[] = [];
        const frames = writer.take();
        expect(isClientMessage(frames)).toBe(true);
        readFromClient(frames, recorder(calls));
        expect(calls).toEqual(records.map((one) => one.map((value) => (Buffer.isBuffer(value) ? value.toString("hex") : value))));
      }),
    );
  });

  test("broker to client, worker to broker, broker to worker", () => {
    fc.assert(
      fc.property(u32, bodies, texts, names, (number, body, text, name) => {
        const writer = new RecordWriter();
        const calls: Call[] = [];
        toClient.reply(writer, number, body);
        toClient.partial(writer, number, body, [body]);
        toClient.error(writer, number, "busy", "no", text);
        toClient.goAway(writer, "standby");
        readToClient(writer.take(), recorder(calls));
        const hex = body.toString("hex");
        expect(calls.splice(0)).toEqual([
          ["reply", number, hex],
          ["partial", number, hex + hex],
          ["error", number, "busy", "no", text],
          ["goAway", "standby"],
        ]);

        fromWorker.ready(writer, name);
        fromWorker.credit(writer, number);
        fromWorker.reply(writer, number, body);
        fromWorker.error(writer, number, "failed", text);
        const frames = writer.take();
        expect(isWorkerMessage(frames)).toBe(true);
        readFromWorker(frames, recorder(calls));
        expect(calls.splice(0)).toEqual([
          ["ready", name],
          ["credit", number],
          ["reply", number, hex],
          ["error", number, "failed", text],
        ]);

        toWorker.request(writer, number, 5, 2, Buffer.alloc(8, 9), number, text, 3, body, [body]);
        toWorker.welcome(writer, {
          version: 1,
          instance: "0123456789abcdef",
          role: "terminating",
          heartbeatIntervalMs: number,
          heartbeatLiveness: 3,
          maxBodyBytes: 4,
          maxOutstanding: 5,
        });
        readToWorker(writer.take(), recorder(calls));
        expect(calls[0]).toEqual(["request", number, 5, 2, "09".repeat(8), number, text, 3, hex + hex]);
        expect(calls[1]![1]).toMatchObject({ role: "terminating", heartbeatIntervalMs: number });
      }),
    );
  });

  test("a text that is too long is cut, whatever it is made of", () => {
    const writer = new RecordWriter();
    const calls: Call[] = [];
    toClient.error(writer, 1, "failed", "maybe", "ü".repeat(5_000));
    readToClient(writer.take(), recorder(calls));
    expect((calls[0]![4] as string).startsWith("ü".repeat(500))).toBe(true);
  });
});

describe("whatever comes, a reader visits records or throws RecordError, and reads nothing beyond the message", () => {
  const whole = (): Buffer[] => {
    const writer = new RecordWriter();
    fromClient.hello(writer, 1, 1, "0123456789abcdef");
    fromClient.request(writer, 1, 2, true, "service", "trace", 3, Buffer.from("body"));
    fromClient.request(writer, 2, 2, false, "service", undefined, 0, Buffer.alloc(5_000));
    return writer.take();
  };
  const harmless = (frames: Buffer[], read: (frames: Buffer[], visitor: never) => void): void => {
    try {
      read(frames, recorder<never & object>([]) as never);
    } catch (error) {
      expect(error).toBeInstanceOf(RecordError);
    }
  };

  test("cut at every byte", () => {
    const [head, ...rest] = whole();
    for (let length = 7; length < head!.length; length += 1) {
      const calls: Call[] = [];
      const read = (): void => readFromClient([head!.subarray(0, length), ...rest], recorder(calls));
      if (length === 6 + 11 || calls.length > 2) continue;
      expect(read).toThrow(RecordError);
    }
    expect(() => readFromClient([head!], recorder([]))).toThrow(/its frame is missing/);
    expect(() => readFromClient([head!, ...rest, rest[0]!], recorder([]))).toThrow(/frames more than records ask for/);
  });

  test("random bytes after the header, and single bytes changed", () => {
    const frames = whole();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(frames[0]!.length - 7), fc.nat(255), (random, at, byte) => {
        for (const read of [readFromClient, readToClient, readFromWorker, readToWorker] as ((frames: Buffer[], visitor: never) => void)[]) {
          harmless([Buffer.concat([Buffer.from("ZSTC01"), random])], read);
          const changed = Buffer.from(frames[0]!);
          changed[6 + at] = byte;
          harmless([changed, ...frames.slice(1)], read);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
