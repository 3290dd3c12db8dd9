import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Archive, NewArchive } from "../../operations/archive.ts";

const subject = { stack: "prod", namespace: "zeromq", serverKeys: ["key"] };
let folder: string;
let place: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "zeromq-stack-archive-"));
  place = join(folder, "backup");
});
afterEach(() => rmSync(folder, { recursive: true }));

async function written(): Promise<void> {
  const archive = await NewArchive.begin(place);
  await archive.add("state.json", "{}");
  await archive.add("prometheus/wal/00000000", Readable.from([Buffer.from("first "), Buffer.from("second")]));
  await archive.finish(subject);
}

describe("a backup", () => {
  test("is read as it was written, by those alone who may", async () => {
    await written();
    const archive = await Archive.open(place);
    expect(archive.manifest).toMatchObject(subject);
    expect([...archive.below("prometheus").keys()]).toEqual(["wal/00000000"]);
    expect(readFileSync(archive.path("prometheus/wal/00000000"), "utf8")).toBe("first second");
    expect(statSync(place).mode & 0o077).toBe(0);
  });

  test("may take an empty directory's place, and no other", async () => {
    mkdirSync(place);
    await written();
    await expect(written()).rejects.toThrow("is not empty");
    await Archive.open(place);
    writeFileSync(join(folder, "file"), "");
    await expect(NewArchive.begin(join(folder, "file"))).rejects.toThrow("is no directory");
  });

  test("is in its place only when it is whole", async () => {
    const archive = await NewArchive.begin(place);
    await archive.add("state.json", "{}");
    expect(existsSync(place)).toBe(false);
    await expect(
      archive.add(
        "broken",
        Readable.from(
          (function* () {
            yield Buffer.from("half");
            throw new Error("the way broke");
          })(),
        ),
      ),
    ).rejects.toThrow("the way broke");
    await archive.abandon();
    expect(readdirSync(folder)).toEqual([]);
  });

  test("begins anew where one was interrupted", async () => {
    await (await NewArchive.begin(place)).add("left.over", "x");
    await written();
    expect(existsSync(join(place, "left.over"))).toBe(false);
    expect(readdirSync(folder)).toEqual(["backup"]);
  });
});

describe("what is refused as a backup, and why:", () => {
  test.each<[string, () => void, string]>([
    ["nothing", () => rmSync(place, { recursive: true }), "there is no directory"],
    ["one that was not finished", () => rmSync(join(place, "manifest.json")), "was not finished"],
    [
      "one with half of its list",
      () => writeFileSync(join(place, "manifest.json"), readFileSync(join(place, "manifest.json"), "utf8").slice(0, 40)),
      "is not whole",
    ],
    ["one without a file", () => rmSync(join(place, "state.json")), "state.json is missing"],
    ["one with a file that grew", () => appendFileSync(join(place, "prometheus/wal/00000000"), "x"), "prometheus/wal/00000000 has changed"],
    ["one of a later version", () => writeFileSync(join(place, "manifest.json"), JSON.stringify({ format: 2 })), "has format 2; this version reads 1"],
    [
      "one that names files of others",
      () => writeFileSync(join(place, "manifest.json"), JSON.stringify({ format: 1, files: { "../../etc/passwd": {} } })),
      "names a file outside of it",
    ],
    [
      "a file",
      () => {
        renameSync(place, `${place}.old`);
        writeFileSync(place, "");
      },
      "is no directory",
    ],
  ])("%s", async (_, spoil, reason) => {
    await written();
    spoil();
    await expect(Archive.open(place)).rejects.toThrow(reason);
  });
});
