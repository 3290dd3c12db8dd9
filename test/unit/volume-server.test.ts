import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { execa, type ResultPromise } from "execa";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Given, Task } from "../../operations/history/volume-server.ts";

const block = "01HZXK5Q4ZJ7V9N3W8R2T6Y1AB";
let folder: string;
let volume: string;
let address: string;
let server: ResultPromise<{ reject: false }> | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "zeromq-stack-volume-"));
  volume = join(folder, "volume");
  for (const name of ["volume", "temporary"]) mkdirSync(join(folder, name));
});
afterEach(async () => {
  server?.kill();
  await server;
  rmSync(folder, { recursive: true });
});

/** As the pod runs it: from its text. */
async function serve(kind: Task["kind"]): Promise<void> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  const task: Task = { kind, port, volume, temporary: join(folder, "temporary") };
  const program = readFileSync(join(import.meta.dirname, "../../operations/history/volume-server.ts"), "utf8");
  const child = execa(process.execPath, ["--input-type=module-typescript", "--eval", program, JSON.stringify(task)], { reject: false });
  server = child;
  await once(child.stdout!, "data");
  address = `http://127.0.0.1:${port}`;
}

function put(path: string, text: string): void {
  mkdirSync(join(volume, path, ".."), { recursive: true });
  writeFileSync(join(volume, path), text);
}

const files = async (): Promise<Given[]> => (await fetch(`${address}/files`)).json() as Promise<Given[]>;
const file = async (number: number): Promise<Buffer> => Buffer.from(await (await fetch(`${address}/file?of=${number}`)).arrayBuffer());
const send = (path: string, body: string) => fetch(`${address}/file?of=${encodeURIComponent(path)}`, { method: "PUT", body });
const post = async (what: string): Promise<void> => expect((await fetch(`${address}/${what}`, { method: "POST" })).status).toBe(200);

describe("of Prometheus' volume", () => {
  test("the log and the finished blocks are given, the log first", async () => {
    for (const path of [
      "wal/00000002",
      "wal/00000001",
      "wal/checkpoint.00000000/00000000",
      "wal/checkpoint.00000001.tmp/00000000",
      `${block}/meta.json`,
      `${block}/chunks/000001`,
    ])
      put(path, path);
    for (const path of [`${block}.tmp-for-creation/meta.json`, "chunks_head/000001", "lock", "queries.active"]) put(path, path);
    await serve("prometheus");
    const given = await files();
    expect(given.map(({ path }) => path)).toEqual([
      "wal/00000001",
      "wal/00000002",
      "wal/checkpoint.00000000/00000000",
      `${block}/chunks/000001`,
      `${block}/meta.json`,
    ]);
    for (const [number, { path }] of given.entries()) expect((await file(number)).toString()).toBe(path);
  });

  test("all files are of one moment: what is appended or deleted later does not show", async () => {
    put("wal/00000000", "written");
    put(`${block}/index`, "");
    await serve("prometheus");
    expect(await files()).toEqual([
      { path: "wal/00000000", bytes: 7 },
      { path: `${block}/index`, bytes: 0 },
    ]);
    appendFileSync(join(volume, "wal/00000000"), " later");
    rmSync(join(volume, "wal"), { recursive: true });
    expect((await file(0)).toString()).toBe("written");
    expect((await file(1)).length).toBe(0);
  });

  test("what is sent takes the place of the log and of what follows from it, beside the blocks", async () => {
    for (const path of ["wal/00000007", "chunks_head/000001", "lock", `${block}/meta.json`]) put(path, "new cluster's");
    await serve("prometheus");
    expect(await (await fetch(`${address}/own`)).json()).toEqual([block]);
    await post("begin");
    await send("wal/00000001", "restored");
    expect(readFileSync(join(volume, "wal/00000007"), "utf8")).toBe("new cluster's"); // until all is there
    await post("replace");
    expect(readdirSync(volume).sort()).toEqual([block, "wal"]);
    expect(readFileSync(join(volume, "wal/00000001"), "utf8")).toBe("restored");
    expect(existsSync(join(volume, "wal/00000007"))).toBe(false);
  });

  test("a beginning forgets what an interrupted one has sent, and doing it twice ends the same", async () => {
    put("wal/00000000", "old");
    await serve("prometheus");
    await post("begin");
    await send("wal/00000009", "half");
    for (const text of ["restored", "restored"]) {
      await post("begin");
      await send("wal/00000001", text);
      await post("replace");
    }
    expect(readdirSync(join(volume, "wal"))).toEqual(["00000001"]);
  });

  test("nothing outside of it is written, and what is not known is refused", async () => {
    await serve("prometheus");
    await post("begin");
    expect((await send("../../escaped", "x")).status).toBe(500);
    expect(readdirSync(folder).sort()).toEqual(["temporary", "volume"]);
    expect((await fetch(`${address}/elsewhere`)).status).toBe(500);
    expect((await fetch(`${address}/files`)).status).toBe(500); // there is no log: said at last, and not waited for for ever
  });
});

describe("of Grafana's volume", () => {
  test("the database is of one moment though Grafana is writing, and comes back without its journal", async () => {
    const database = new DatabaseSync(join(volume, "grafana.db"));
    database.exec("CREATE TABLE user (login TEXT); INSERT INTO user VALUES ('before'); BEGIN; INSERT INTO user VALUES ('not committed')");
    expect(existsSync(join(volume, "grafana.db-journal"))).toBe(true);
    await serve("grafana");
    const [given, ...others] = await files();
    expect([given!.path, others]).toEqual(["grafana.db", []]);
    const copied = join(folder, "copied.db");
    writeFileSync(copied, await file(0));
    database.exec("COMMIT");
    database.close();
    const logins = (place: string): unknown[] => {
      const opened = new DatabaseSync(place);
      const rows = opened.prepare("SELECT login FROM user").all();
      opened.close();
      return rows.map(({ login }) => login);
    };
    expect(logins(copied)).toEqual(["before"]);

    put("grafana.db-journal", "of another database");
    await post("begin");
    await fetch(`${address}/file?of=grafana.db`, { method: "PUT", body: readFileSync(copied) });
    await post("replace");
    expect(readdirSync(volume)).toEqual(["grafana.db"]);
    expect(logins(join(volume, "grafana.db"))).toEqual(["before"]);
  });
});
