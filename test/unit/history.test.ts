import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { batches, exact } from "../../operations/history/log-lines.ts";
import { missing, type Silence } from "../../operations/history/silences.ts";

const nowMs = Date.parse("2026-11-28T12:00:00Z");
const silence = (rest: Partial<Silence> = {}): Silence => ({
  id: "1d2c",
  status: { state: "active" },
  updatedAt: "2026-11-28T10:00:00.000Z",
  matchers: [{ name: "alertname", value: "ZeromqBrokerDown", isRegex: false, isEqual: true }],
  startsAt: "2026-11-28T10:00:00.000Z",
  endsAt: "2026-11-29T10:00:00.000Z",
  createdBy: "Ada",
  comment: "maintenance",
  ...rest,
});

describe("silences that are restored", () => {
  test("are told to Alertmanager as new ones, with all that they say", () => {
    const { id: _, status: __, updatedAt: ___, ...rest } = silence();
    expect(missing([silence()], [], nowMs)).toEqual([rest]);
  });

  test("are not doubled, whatever id and order the same one has there", () => {
    const there = silence({
      id: "9f8e",
      matchers: [{ isEqual: true, isRegex: false, value: "ZeromqBrokerDown", name: "alertname" }],
      startsAt: "2026-11-28T11:59:00.000Z",
      endsAt: "2026-11-29T10:00:00Z",
    });
    expect(missing([silence()], [there], nowMs)).toEqual([]);
    expect(missing([silence()], [silence({ comment: "another" })], nowMs)).toHaveLength(1);
  });

  test("come again where somebody ended them by mistake, and not once they are over", () => {
    expect(missing([silence()], [silence({ status: { state: "expired" } })], nowMs)).toHaveLength(1);
    expect(missing([silence({ endsAt: "2026-11-28T11:00:00.000Z" })], [], nowMs)).toEqual([]);
  });
});

describe("log lines that are restored", () => {
  const sent = async (lines: readonly string[]): Promise<string[]> => {
    const all: string[] = [];
    for await (const batch of batches(Readable.from([gzipSync(lines.map((line) => `${line}\n`).join(""))]))) all.push(batch);
    return all;
  };

  test("keep their ids and every digit of their numbers", async () => {
    const source = '{"trace":12345678901234567890,"share":1.50,"text":"a\\u2028b","deep":{"n":-0}}';
    expect(await sent([`{"_id":"1","_source":${source}}`])).toEqual([`{"create":{"_id":"1"}}\n${source.replace("\\u2028", "\u2028")}\n`]);
    expect(JSON.stringify(exact(source))).toContain("12345678901234567890");
  });

  test("are sent in bearable pieces, each line once, in order", async () => {
    const lines = Array.from({ length: 3_000 }, (_, number) => JSON.stringify({ _id: String(number), _source: { text: "x".repeat(5_000) } }));
    const all = await sent(lines);
    expect(all.length).toBeGreaterThan(2);
    for (const batch of all) expect(batch.length).toBeLessThan(8_000_000);
    const ids = all
      .join("")
      .split("\n")
      .filter((line) => line.startsWith('{"create"'))
      .map((line) => (JSON.parse(line) as { create: { _id: string } }).create._id);
    expect(ids).toEqual(lines.map((_, number) => String(number)));
  });
});
