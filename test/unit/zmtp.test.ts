import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseAdmittedKeys } from "../../services/transport/admitted-keys.ts";
import { createKeyPair, readKey, readPair } from "../../services/transport/curve-keys.ts";
import { curveClient } from "../../services/transport/zmtp/curve-client.ts";
import { curveServer } from "../../services/transport/zmtp/curve-server.ts";
import type { Admission } from "../../services/transport/zmtp/curve-server.ts";
import { createFrameReader, flag, headerBytes, ProtocolError, writeHeader } from "../../services/transport/zmtp/frames.ts";
import { checkGreeting, encodeGreeting } from "../../services/transport/zmtp/greeting.ts";
import { decodeMetadata, encodeMetadata, Refused } from "../../services/transport/zmtp/mechanism.ts";
import type { Mechanism } from "../../services/transport/zmtp/mechanism.ts";
import { decodeZ85, encodeZ85 } from "../../services/transport/zmtp/z85.ts";

function frame(flags: number, body: Buffer): Buffer {
  const bytes = Buffer.alloc(headerBytes(body.length) + body.length);
  body.copy(bytes, writeHeader(bytes, 0, flags, body.length));
  return bytes;
}

describe("frames", () => {
  test("are the same wherever the stream is cut", () => {
    const sizes = fc.constantFrom(0, 1, 2, 254, 255, 256, 257, 1_000);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(0, flag.more, flag.command), sizes), { minLength: 1, maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1 }),
        (list, cuts) => {
          const sent = list.map(([flags, size], index) => ({ flags, body: Buffer.alloc(size, index + 1) }));
          const stream = Buffer.concat(sent.map(({ flags, body }) => frame(flags, body)));
          const read: { flags: number; body: Buffer }[] = [];
          const reader = createFrameReader(2_000, (flags, body) => read.push({ flags, body }));
          for (let at = 0, turn = 0; at < stream.length; turn += 1) {
            const length = cuts[turn % cuts.length]!;
            reader.push(stream.subarray(at, at + length));
            at += length;
          }
          expect(read).toEqual(sent);
        },
      ),
    );
  });

  test.each([
    ["a frame beyond the limit", frame(0, Buffer.alloc(2_001))],
    ["2 GiB announced", Buffer.from([flag.long, 0, 0, 0, 0, 0x80, 0, 0, 0])],
    ["an absurd length", Buffer.from([flag.long, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])],
    ["reserved flags", Buffer.from([0x80, 0])],
  ])("%s is refused before anything is kept for it, however it is cut", (_, bytes) => {
    for (let cut = 1; cut < Math.min(bytes.length, 10); cut += 1) {
      const reader = createFrameReader(2_000, () => {});
      expect(() => {
        reader.push(bytes.subarray(0, cut));
        reader.push(bytes.subarray(cut));
      }).toThrow(ProtocolError);
    }
  });

  test("random bytes are frames or a ProtocolError", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        try {
          createFrameReader(1_000, () => {}).push(Buffer.from(bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("a greeting", () => {
  test("of ours is one, and says what is wrong where it is not", () => {
    expect(() => checkGreeting(encodeGreeting("NULL", false), "NULL")).not.toThrow();
    expect(() => checkGreeting(encodeGreeting("NULL", false), "CURVE")).toThrow("the peer speaks NULL, this side CURVE");
    expect(() => checkGreeting(Buffer.from("GET / HTTP/1.1"), "NULL")).toThrow(/does not speak ZMTP/);
    const old = encodeGreeting("NULL", false);
    old[10] = 1;
    expect(() => checkGreeting(old, "NULL")).toThrow("the peer speaks ZMTP 1, at least 3.0 is needed");
  });
});

test("metadata are read as they were written, and cut ones are refused", () => {
  const bytes = encodeMetadata({ "Socket-Type": "ROUTER", Identity: "me" });
  expect([...decodeMetadata(bytes)].map(([name, value]) => [name, value.toString()])).toEqual([
    ["socket-type", "ROUTER"],
    ["identity", "me"],
  ]);
  for (let length = 1; length < bytes.length; length += 1) {
    if (length !== 22) expect(() => decodeMetadata(bytes.subarray(0, length))).toThrow(ProtocolError);
  }
});

describe("Z85", () => {
  test("writes and reads the example of RFC 32", () => {
    const bytes = Buffer.from("864fd26fb559f75b", "hex");
    expect(encodeZ85(bytes)).toBe("HelloWorld");
    expect(decodeZ85("HelloWorld")).toEqual(bytes);
  });

  test("reads what it wrote, and nothing that is not Z85", () => {
    fc.assert(fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => decodeZ85(encodeZ85(bytes))!.equals(bytes)));
    for (const wrong of ["HelloWorl", "Hello Worl", "#####", "%%%%%"]) expect(decodeZ85(wrong)).toBeUndefined();
  });
});

describe("CURVE", () => {
  const server = createKeyPair();
  const next = createKeyPair();
  const client = createKeyPair();
  const pairs = [readPair(server)!, readPair(next)!];
  const meta = encodeMetadata({ "Socket-Type": "DEALER" });

  /** Passes commands to and fro; `change` may alter what a side sends. */
  function shake(
    serverKey: string,
    admit: (key: string) => Admission | undefined,
    change: (command: Buffer, step: number) => Buffer = (command) => command,
  ): [Mechanism, Mechanism, unknown] {
    const one = curveClient({ serverKey, ...client });
    const other = curveServer({ keys: () => pairs, admit });
    other.start(meta);
    let command = one.start(meta)!;
    let identity: unknown;
    for (let step = 0; ; step += 1) {
      const answer = other.next(change(command, step * 2));
      identity = answer.identity ?? identity;
      const reply = one.next(change(answer.send!, step * 2 + 1));
      if (reply.send === undefined) return [one, other, identity];
      command = reply.send;
    }
  }

  test.each([
    ["the current", server],
    ["the next", next],
  ])("lets in who has %s server key and is admitted, and knows who it is", (_, { publicKey }) => {
    const [one, other, identity] = shake(publicKey, (key) => (key === client.publicKey ? { name: "shop", services: ["a"] } : undefined));
    expect(identity).toEqual({ publicKey: client.publicKey, serverKey: publicKey, name: "shop", services: ["a"] });
    for (const [from, to] of [
      [one, other],
      [other, one],
    ] as const) {
      for (const body of [Buffer.alloc(0), Buffer.from("hello"), Buffer.alloc(100_000, 1)]) {
        expect(to.open!(from.seal!(flag.more, body))).toEqual({ flags: flag.more, body });
      }
    }
  });

  test("refuses a key that is not admitted, and everybody where nobody can say", () => {
    expect(() => shake(server.publicKey, () => undefined)).toThrow(Refused);
    expect(() =>
      shake(server.publicKey, () => {
        throw new Error("no file");
      }),
    ).toThrow(/nobody could say .* no file/);
  });

  test("refuses a server key that is not its own", () => {
    expect(() => shake(client.publicKey, () => ({ name: "x" }))).toThrow("the peer used a server key that is not ours");
  });

  test("refuses any command that was changed, at any byte that means something", () => {
    for (const step of [0, 1, 2, 3]) {
      for (const at of [-1, -20, -60]) {
        const change = (command: Buffer, now: number): Buffer => {
          if (now !== step) return command;
          const changed = Buffer.from(command);
          const index = changed.length + at;
          if (index > 20) changed[index] = changed[index]! ^ 1;
          else changed[changed.length - 1] = changed[changed.length - 1]! ^ 1;
          return changed;
        };
        expect(() => shake(server.publicKey, () => ({ name: "x" }), change)).toThrow(ProtocolError);
      }
      expect(() =>
        shake(
          server.publicKey,
          () => ({ name: "x" }),
          (command, now) => (now === step ? command.subarray(0, command.length - 1) : command),
        ),
      ).toThrow(ProtocolError);
    }
  });

  test("refuses a message that comes twice, was changed, or comes in another order", () => {
    const [one, other] = shake(server.publicKey, () => ({ name: "x" }));
    const [first, second] = [one.seal!(0, Buffer.from("first")), one.seal!(0, Buffer.from("second"))];
    other.open!(second);
    expect(() => other.open!(second)).toThrow("a CURVE nonce that came before");
    expect(() => other.open!(first)).toThrow("a CURVE nonce that came before");
    const changed = one.seal!(0, Buffer.from("third"));
    changed[changed.length - 1] = changed[changed.length - 1]! ^ 1;
    expect(() => other.open!(changed)).toThrow("a CURVE MESSAGE that cannot be opened");
  });

  test("random commands are refused", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const mechanism = curveServer({ keys: () => pairs, admit: () => ({ name: "x" }) });
        mechanism.start(meta);
        expect(() => mechanism.next(Buffer.from(bytes))).toThrow(ProtocolError);
      }),
    );
  });

  test("pairs are pairs", () => {
    expect(readPair({ publicKey: server.publicKey, secretKey: client.secretKey })).toBeUndefined();
    expect(readKey("short")).toBeUndefined();
  });
});

describe("a file of admitted keys", () => {
  const [one, two] = [createKeyPair().publicKey, createKeyPair().publicKey];

  test("admits its lines, and a wrong line admits nobody and is named without its content", () => {
    const text = `# who may\n${one} shop\n\n${two} till sell,refund\nnonsense here\n${createKeyPair().publicKey}\n${one} again\n`;
    const { admitted, problems } = parseAdmittedKeys("keys", text);
    expect([...admitted]).toEqual([
      [one, { name: "shop" }],
      [two, { name: "till", services: ["sell", "refund"] }],
    ]);
    expect(problems).toEqual([
      "keys:5: the first word must be a public key of 40 Z85 characters, it has 8",
      "keys:6: a name must stand after the key",
      "keys:7: the key of again stands there twice",
    ]);
  });
});
