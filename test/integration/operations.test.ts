import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { beforeEach, describe, expect, test } from "vitest";
import { NewArchive } from "../../operations/archive.ts";
import { after, due } from "../../operations/rotation.ts";
import { folder } from "./processes.ts";

const checkout = join(import.meta.dirname, "../..");
let path: string;
let state: string;

beforeEach(() => {
  path = folder();
  state = join(path, "state.json");
  for (const name of ["pulumi", "kubectl"]) {
    writeFileSync(
      join(path, name),
      `#!${process.execPath}\nprocess.argv[1] = "${name}";\nrequire(${JSON.stringify(join(import.meta.dirname, "programs/pulumi.cjs"))});\n`,
    );
    chmodSync(join(path, name), 0o755);
  }
  begin({});
});

function begin(config: object, rest: object = {}): void {
  writeFileSync(state, JSON.stringify({ config, ups: [], before: ["key-1"], deployed: ["key-1"], looks: 1, ...rest }));
}
const seen = (): { config: Record<string, unknown>; ups: object[]; writes: object[] } => JSON.parse(readFileSync(state, "utf8"));
async function run(command: string, ...args: string[]) {
  const { exitCode, stdout, stderr } = await execa(process.execPath, [join(checkout, `operations/${command}.ts`), ...args], {
    reject: false,
    env: { PATH: path, STATE: state },
    extendEnv: false,
  });
  return { exitCode, stdout, stderr };
}

describe("npm run rotate", () => {
  test("walks through a rotation: each step is one update, waits for every broker, and tells the next one", async () => {
    const next = await run("rotate", "next");
    expect(next, next.stderr).toMatchObject({ exitCode: 0 });
    expect(next.stdout).toContain("0 of 2 brokers have the keys\n2 of 2 brokers have the keys");
    expect(next.stdout).toContain("Due: npm run rotate -- promote");
    const promote = await run("rotate", "promote");
    expect(promote.stdout).toContain("key-2  6 connections came in by it");
    expect((await run("rotate", "finish")).stdout).toContain("The old key opens no more.");
    expect(seen().ups).toEqual([{ curve: { serverKey: 1, otherServerKey: 2 } }, { curve: { serverKey: 2, otherServerKey: 1 } }, { curve: { serverKey: 2 } }]);
    // Wherever it is interrupted, the settings are those before a step or after it.
    expect(seen().writes).toEqual(seen().ups);
  });

  test("without a step only tells what is due", async () => {
    expect((await run("rotate")).stdout).toMatch(/key-1 {2}6 connections came in by it\nDue: npm run rotate -- next/);
    expect(seen().ups).toEqual([]);
  });

  test("refuses a step that is not due, and what is none, and changes nothing", async () => {
    expect(await run("rotate", "finish")).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("the step that is due is next") });
    expect(await run("rotate", "forward")).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("forward is no step") });
    expect(seen()).toMatchObject({ config: {}, ups: [] });
  });

  test("says that a step whose update failed is done once it goes through", async () => {
    begin({}, { fails: true });
    expect(await run("rotate", "next")).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("Once it goes through (pulumi up), the step is done") });
  });

  test("goes on with higher numbers in the next rotation", () => {
    const one = { inUse: 7, other: undefined };
    const two = after(one, "next");
    expect([two, after(two, "promote"), due(after(two, "promote"))]).toEqual([{ inUse: 7, other: 8 }, { inUse: 8, other: 7 }, "finish"]);
  });
});

describe("npm run switch", () => {
  test("that fails where an interrupted one had set the colour before claims nothing of where traffic goes, and tells both ways", async () => {
    begin({ activeColor: "green" }, { fails: true });
    const { exitCode, stderr } = await run("switch", "green");
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/activeColor was green already.*npm run status.*`pulumi up` goes on; to blue: npm run switch -- blue/);
    expect(seen()).toMatchObject({ config: { activeColor: "green" }, ups: [{ activeColor: "green" }] });
  });
});

describe("npm run clients", () => {
  test("adds a client, for all services or for some, and shows who there is", async () => {
    expect(await run("clients", "add", "shop")).toMatchObject({ exitCode: 0 });
    expect(await run("clients", "add", "till", "echo", "gzip")).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("npm run clients -- keys till") });
    expect(seen().config).toEqual({ clients: [{ name: "shop" }, { name: "till", services: ["echo", "gzip"] }] });
    expect(seen().ups).toHaveLength(2);
    expect((await run("clients")).stdout).toBe("shop  all services\ntill  echo, gzip");
  });

  test("removes one: at its next connection, or with --now by new brokers, in one update", async () => {
    begin({ clients: [{ name: "shop" }, { name: "till" }, { name: "third" }], curve: { restarts: 4 } });
    expect((await run("clients", "remove", "till")).stdout).toContain("the ones that it has stay");
    expect(seen().config).toEqual({ clients: [{ name: "shop" }, { name: "third" }], curve: { restarts: 4 } });
    expect((await run("clients", "remove", "shop", "--now")).stdout).toContain("shop is locked out.");
    expect(seen().config).toEqual({ clients: [{ name: "third" }], curve: { restarts: 5 } });
    expect(seen().ups).toHaveLength(2);
  });

  test("admits nobody to more than was asked for, and forgets no connection that is to end, wherever it is interrupted", async () => {
    await run("clients", "add", "till", "echo", "gzip");
    await run("clients", "remove", "till", "--now");
    const till = { name: "till", services: ["echo", "gzip"] };
    expect(seen().writes).toEqual([{ clients: [till] }, { clients: [till], curve: { restarts: 1 } }, { clients: [], curve: { restarts: 1 } }]);
  });

  test("gives out a client's keys as lines, and names who has some where it has none", async () => {
    expect((await run("clients", "keys", "shop")).stdout).toBe("CURVE_SERVER_KEY=key-1\nCURVE_SECRET_KEY=secret");
    expect(await run("clients", "keys", "nobody")).toMatchObject({ exitCode: 1, stdout: "", stderr: expect.stringContaining("who has: shop") });
  });

  test.each([
    [["add", "shop"], "has a key already"],
    [["remove", "nobody"], "is no client"],
    [["forget", "shop"], "is no command"],
    [["add"], "is no command"],
  ])("refuses %s, and changes nothing", async (words, reason) => {
    begin({ clients: [{ name: "shop" }] });
    expect(await run("clients", ...words)).toMatchObject({ exitCode: 1, stderr: expect.stringContaining(reason) });
    expect(seen()).toMatchObject({ config: { clients: [{ name: "shop" }] }, ups: [] });
  });
});

describe("npm run backup and npm run restore", () => {
  const stacks = { lost: { resources: [{}], key: "key-1" }, other: { resources: [{}], key: "key-2" } };
  const backend = { selected: "lost", passphrase: "right", stacks };
  const named = (name: string) => ["--stack", name, "--config-file", join(path, "settings.yaml")];
  const place = () => join(path, "backup");
  const known = (): { backend: { stacks: Record<string, object> }; ups: object[]; calls: string[] } => JSON.parse(readFileSync(state, "utf8"));
  const given = (change: object): void => begin({}, { backend: { ...backend, ...change }, given: "right", calls: [] });

  beforeEach(async () => {
    writeFileSync(join(path, "settings.yaml"), "config: {}\n");
    given({});
    const archive = await NewArchive.begin(place());
    await archive.add("state.json", JSON.stringify({ deployment: stacks.lost }));
    await archive.add("settings.yaml", "config: {}\n");
    await archive.finish({ stack: "lost", namespace: "n", serverKeys: ["key-1"] });
  });

  test("bring back a stack of which nothing is left, with its keys, and do only what is due when run again", async () => {
    rmSync(place(), { recursive: true });
    expect(await run("backup", place(), ...named("lost"))).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("metrics    the stack has none") });
    given({ stacks: { other: stacks.other } });
    rmSync(join(path, "settings.yaml"));
    const first = await run("restore", place(), ...named("lost"));
    expect(first, first.stderr).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/state +from the backup[^]*settings +.*from the backup[^]*back, with the keys of the backup/),
    });
    expect(known()).toMatchObject({ backend: { stacks }, ups: [{}], calls: ["init", "import", "output"] });
    expect(readFileSync(join(path, "settings.yaml"), "utf8")).toBe("config: {}\n");
    expect(existsSync(join(checkout, "Pulumi.lost.yaml"))).toBe(false);
    expect((await run("restore", place(), ...named("lost"))).stdout).toMatch(/state +the backend has it/);
    expect(known().calls.filter((call) => call === "import")).toHaveLength(1);
  });

  test("go on where a restore was killed between a stack's making and its filling", async () => {
    given({ stacks: { lost: {} } });
    expect(await run("restore", place(), ...named("lost"))).toMatchObject({ exitCode: 0 });
    expect(known().backend.stacks["lost"]).toEqual(stacks.lost);
  });

  test("keep a newer state with other keys, and say so", async () => {
    given({ stacks: { lost: { resources: [{}], key: "key-3" } } });
    expect((await run("restore", place(), ...named("lost"))).stdout).toContain("keys are not the backup's");
    expect(known().backend.stacks["lost"]).toMatchObject({ key: "key-3" });
  });

  test("say that an update failed, and that it can be run again", async () => {
    begin({}, { backend, given: "right", calls: [], fails: true });
    expect(await run("restore", place(), ...named("lost"))).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("run this again") });
  });

  test.each<[string, () => void, string[], string]>([
    ["no directory", () => {}, [], "which directory?"],
    ["two", () => {}, ["one", "two"], "one two is no one directory"],
    ["a directory that is not there", () => {}, ["/nowhere"], "there is no directory /nowhere"],
    ["one that is no backup", () => rmSync(join(place(), "manifest.json")), [], "is no backup, or one that was not finished"],
    ["one that was changed", () => writeFileSync(join(place(), "state.json"), "{}"), [], "state.json has changed"],
    ["another stack's backup", () => {}, ["--stack", "other"], "the backup is of the stack lost, not of other"],
    ["a wrong passphrase", () => begin({}, { backend, given: "wrong", calls: [] }), [], "incorrect passphrase"],
    [
      "a wrong passphrase where the backend is empty",
      () => begin({}, { backend: { ...backend, stacks: { other: stacks.other } }, given: "wrong", calls: [] }),
      [],
      "incorrect passphrase",
    ],
  ])("change nothing where they are given %s", async (what, spoil, words, reason) => {
    spoil();
    const before = known().backend;
    const args = words[0]?.startsWith("--") ? [place(), ...words] : words.length > 0 ? words : what === "no directory" ? [] : [place()];
    const target = args.includes("--stack") ? args : [...args, ...named("lost")];
    expect(await run("restore", ...target)).toMatchObject({ exitCode: 1, stderr: expect.stringContaining(reason) });
    expect(known()).toMatchObject({ backend: before, ups: [] });
    expect(existsSync(join(checkout, "Pulumi.lost.yaml"))).toBe(false);
  });

  test("leave no half backup, and no backup in another's place", async () => {
    expect(await run("backup", place(), ...named("lost"))).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("is not empty") });
    rmSync(join(path, "settings.yaml"));
    const failed = await run("backup", join(path, "next"), ...named("lost"));
    expect(failed).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(/settings cannot be read[^]*No backup was made/) });
    expect([existsSync(join(path, "next")), existsSync(join(path, "next.part"))]).toEqual([false, false]);
  });
});
