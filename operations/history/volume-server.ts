/**
 * Run in a pod that mounts a volume, alone: it gives out the files of one moment, or takes others in their place. It listens on
 * the pod's loopback only, where nobody but `kubectl port-forward` comes. Its one argument is a JSON object, `Task`.
 */
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, open, readdir, rename, rm, stat, type FileHandle } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { backup, DatabaseSync } from "node:sqlite";

export interface Task {
  readonly kind: "prometheus" | "grafana";
  readonly port: number;
  /** Where the volume is. */
  readonly volume: string;
  /** Where else files may be written. */
  readonly temporary: string;
}

/** What a volume gives out: a number, under which it is asked for, its name and its size. */
export interface Given {
  readonly path: string;
  readonly bytes: number;
}

const { kind, port, volume, temporary } = JSON.parse(process.argv.at(-1)!) as Task;
/** What was sent lies here until all of it is there. */
const received = "restore.part";
/** Prometheus deletes every two hours, for a moment. */
const attempts = 50;
const isBlock = (name: string): boolean => /^[0-9A-HJKMNP-TV-Z]{26}$/.test(name);

const kinds = {
  prometheus: {
    /**
     * The write-ahead log first: what Prometheus moves into a block meanwhile is then in both, not in neither, and it sorts that out
     * when it starts. Files that are open can be read to their end though Prometheus deletes them; one that was deleted before means
     * to begin again. `chunks_head` is left out: Prometheus makes it anew from the log.
     */
    async files(): Promise<Opened[]> {
      for (let attempt = 1; ; attempt += 1) {
        const opened: Opened[] = [];
        try {
          for (const path of await below("wal", (name) => !name.endsWith(".tmp"))) opened.push(await opening(volume, path));
          for (const block of (await readdir(volume)).filter(isBlock))
            for (const path of await below(block, () => true)) opened.push(await opening(volume, path));
          return opened;
        } catch (error) {
          for (const { file } of opened) await file.close();
          if ((error as NodeJS.ErrnoException).code !== "ENOENT" || attempt === attempts) throw error;
        }
      }
    },
    /** What goes when others' files come. */
    replaced: ["wal", "wbl", "chunks_head", "lock"],
    async own(): Promise<string[]> {
      return (await readdir(volume)).filter(isBlock);
    },
  },
  grafana: {
    /** SQLite's own backup is of one moment, whatever Grafana writes meanwhile. */
    async files(): Promise<Opened[]> {
      const name = "grafana.db";
      const database = new DatabaseSync(join(volume, name), { readOnly: true });
      await backup(database, join(temporary, name));
      database.close();
      return [await opening(temporary, name)];
    },
    replaced: ["grafana.db-journal", "grafana.db-wal", "grafana.db-shm"],
    async own(): Promise<string[]> {
      return [];
    },
  },
}[kind];

interface Opened extends Given {
  readonly file: FileHandle;
}

/** How large it is now: what is appended later is not of this moment. */
async function opening(folder: string, path: string): Promise<Opened> {
  const file = await open(join(folder, path));
  return { path, file, bytes: (await file.stat()).size };
}

/** The files below a folder of the volume, in the order of their names. */
async function below(folder: string, wanted: (name: string) => boolean): Promise<string[]> {
  const entries = (await readdir(join(volume, folder), { withFileTypes: true }))
    .filter(({ name }) => wanted(name))
    .sort((one, other) => (one.name < other.name ? -1 : 1));
  const lists = await Promise.all(
    entries.map(async (entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? below(path, wanted) : [path];
    }),
  );
  return lists.flat();
}

let opened: Opened[] = [];

async function give(): Promise<Given[]> {
  for (const { file } of opened) await file.close();
  opened = await kinds.files();
  return opened.map(({ path, bytes }) => ({ path, bytes }));
}

async function giveFile(number: number, answer: ServerResponse): Promise<void> {
  const { file, bytes } = opened[number]!;
  answer.setHeader("content-length", bytes);
  if (bytes === 0) answer.end();
  else await pipeline(createReadStream("", { fd: file, start: 0, end: bytes - 1, autoClose: false }), answer);
}

async function take(path: string, request: IncomingMessage): Promise<void> {
  const file = join(volume, received, path);
  if (!file.startsWith(join(volume, received, "/"))) throw new Error(`${path} is outside of the volume`);
  await mkdir(join(file, ".."), { recursive: true });
  await pipeline(request, createWriteStream(file, { flush: true }));
  const { size } = await stat(file);
  if (size !== Number(request.headers["content-length"])) throw new Error(`${path}: ${size} bytes came of ${request.headers["content-length"]}`);
}

/** Each step may have been done by a run that did not come further. */
async function replace(): Promise<void> {
  for (const name of kinds.replaced) await rm(join(volume, name), { recursive: true, force: true });
  for (const name of await readdir(join(volume, received))) {
    await rm(join(volume, name), { recursive: true, force: true });
    await rename(join(volume, received, name), join(volume, name));
  }
  await rm(join(volume, received), { recursive: true });
}

const routes: Record<string, (path: string, request: IncomingMessage, answer: ServerResponse) => Promise<unknown>> = {
  "GET files": give,
  "GET file": (number, _, answer) => giveFile(Number(number), answer),
  "GET own": () => kinds.own(),
  "POST begin": async () => {
    await rm(join(volume, received), { recursive: true, force: true });
    await mkdir(join(volume, received));
  },
  "PUT file": take,
  "POST replace": replace,
};

createServer((request, answer) => {
  const { pathname, searchParams } = new URL(request.url!, "http://localhost");
  const route = routes[`${request.method} ${pathname.slice(1)}`];
  const done = route === undefined ? Promise.reject(new Error(`nothing is at ${request.url}`)) : route(searchParams.get("of") ?? "", request, answer);
  done.then(
    (result) => {
      if (!answer.headersSent) answer.setHeader("content-type", "application/json").end(JSON.stringify(result ?? null));
    },
    (error: Error) => {
      console.error(error);
      if (answer.headersSent) answer.destroy();
      else answer.writeHead(500).end(error.message);
    },
  );
}).listen(port, "127.0.0.1", () => console.log("ready"));
