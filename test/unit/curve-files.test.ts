import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createKeyPair } from "../../services/transport/curve-keys.ts";
import { chooseKeys, parsePeerKeys } from "../../services/transport/peer-keys.ts";
import { parseServerPairs } from "../../services/transport/server-pairs.ts";
import { HungUpAtHello } from "../../services/transport/zmtp/curve-client.ts";

const [first, second, own] = [createKeyPair(), createKeyPair(), createKeyPair()];
const lines = (serverKey: string, { publicKey, secretKey } = own): string =>
  `CURVE_SERVER_KEY=${serverKey}\nCURVE_PUBLIC_KEY=${publicKey}\nCURVE_SECRET_KEY=${secretKey}\n`;

let path: string;
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "curve-files-"));
  path = join(folder, "peer");
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("a peer that knows two server keys", () => {
  const keys = () => chooseKeys({ serverKey: [first.publicKey, second.publicKey], ...own });

  test("tries the first, and the other one where the server hung up at it", () => {
    const choice = keys();
    const tried = choice.next();
    expect(tried).toEqual({ serverKey: first.publicKey, ...own });
    choice.failed(tried, new HungUpAtHello());
    expect(choice.next().serverKey).toBe(second.publicKey);
    choice.failed(choice.next(), new HungUpAtHello());
    expect(choice.next().serverKey).toBe(first.publicKey);
  });

  test("moves on once where several connections failed with the same key", () => {
    const choice = keys();
    const [one, other] = [choice.next(), choice.next()];
    choice.failed(one, new HungUpAtHello());
    choice.failed(other, new HungUpAtHello());
    expect(choice.next().serverKey).toBe(second.publicKey);
  });

  test("stays with a key that was not the reason", () => {
    const choice = keys();
    choice.failed(choice.next(), new Error("connection refused"));
    expect(choice.next().serverKey).toBe(first.publicKey);
  });
});

describe("a peer's file", () => {
  test("is read again for each connection; one that is lost or wrong later changes nothing", () => {
    writeFileSync(path, lines(first.publicKey));
    const choice = chooseKeys({ file: path });
    expect(choice.next().serverKey).toBe(first.publicKey);
    writeFileSync(path, lines(`${second.publicKey},${first.publicKey}`));
    expect(choice.next().serverKey).toBe(second.publicKey);
    writeFileSync(path, lines("rubbish"));
    expect(choice.next().serverKey).toBe(second.publicKey);
    rmSync(path);
    expect(choice.next().serverKey).toBe(second.publicKey);
  });

  test("begins with the first key again when the keys have changed", () => {
    writeFileSync(path, lines(`${first.publicKey},${second.publicKey}`));
    const choice = chooseKeys({ file: path });
    choice.failed(choice.next(), new HungUpAtHello());
    writeFileSync(path, lines(`${second.publicKey},${first.publicKey}`));
    expect(choice.next().serverKey).toBe(second.publicKey);
  });

  test.each([
    ["missing lines", `CURVE_PUBLIC_KEY=${own.publicKey}`, "has no line CURVE_SERVER_KEY=…, CURVE_SECRET_KEY=…"],
    ["halves of two pairs", lines(first.publicKey, { publicKey: first.publicKey, secretKey: own.secretKey }), "are not of one pair"],
    ["a server key that is none", lines("short"), "curve.serverKey must be 40 characters of Z85"],
  ])("with %s is refused at the start, and no secret is shown", (_, content, reason) => {
    writeFileSync(path, content);
    expect(() => chooseKeys({ file: path })).toThrow(reason);
    expect(() => chooseKeys({ file: path })).not.toThrow(own.secretKey);
  });

  test("that is not there is refused at the start", () => {
    expect(() => chooseKeys({ file: join(folder, "none") })).toThrow("none cannot be read (ENOENT)");
  });

  test("may hold a comment, and a key that ends with an equals sign", () => {
    expect(parsePeerKeys("x", `# of the shop\n${lines(first.publicKey)}`).serverKey).toEqual([first.publicKey]);
    expect(parsePeerKeys("x", "CURVE_SERVER_KEY=a=\nCURVE_PUBLIC_KEY=b\nCURVE_SECRET_KEY=c#=\n")).toEqual({
      serverKey: ["a="],
      publicKey: "b",
      secretKey: "c#=",
    });
  });
});

describe("a server's pairs", () => {
  const line = ({ publicKey, secretKey } = first): string => `${publicKey} ${secretKey}\n`;

  test("stand one a line, the preferred one first", () => {
    expect(parseServerPairs("pairs", line(second) + line(first))).toHaveLength(2);
  });

  test("say when they were made, where that is known", () => {
    const parsed = parseServerPairs("pairs", `${line().trim()} 1700000000\n${line(second)}`);
    expect(parsed).toMatchObject([{ createdSeconds: 1_700_000_000 }, { createdSeconds: 0 }]);
  });

  test.each([
    ["nothing", "", "pairs must hold at least one CURVE pair"],
    [
      "halves of two pairs",
      line() + line({ publicKey: first.publicKey, secretKey: second.secretKey }),
      "pairs:2 must be the public and the secret half of one CURVE pair",
    ],
    ["a time that is none", `${line().trim()} yesterday`, "pairs:1 must be"],
    ["a fourth word", `${line().trim()} 1700000000 more`, "pairs:1 must be"],
  ])("with %s are refused as a whole, and no secret is shown", (_, content, reason) => {
    const parsed = parseServerPairs("pairs", content);
    expect(parsed).toContain(reason);
    expect(parsed).not.toContain(second.secretKey);
  });
});
