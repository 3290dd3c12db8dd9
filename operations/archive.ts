import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, rmdir, stat, writeFile } from "node:fs/promises";
import { dirname, isAbsolute, join, normalize } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Refusal } from "./command.ts";

/** What a backup is of. */
export interface Subject {
  readonly stack: string;
  readonly namespace: string;
  /** The public halves of the brokers' keys. */
  readonly serverKeys: readonly string[];
}

interface Entry {
  readonly bytes: number;
  readonly sha256: string;
}

interface Manifest extends Subject {
  readonly format: number;
  /** When it was made; it is the backup's name as well. */
  readonly made: string;
  readonly files: Readonly<Record<string, Entry>>;
}

const format = 1;
const manifestFile = "manifest.json";

/** A backup that is being written: beside its place, under another name, so that half of one is never taken for one. */
export class NewArchive {
  readonly #place: string;
  readonly #part: string;
  readonly #files: Record<string, Entry> = {};

  private constructor(place: string) {
    this.#place = place;
    this.#part = `${place}.part`;
  }

  /** @throws Refusal where something is at its place already */
  static async begin(place: string): Promise<NewArchive> {
    const there = await entriesOf(place);
    if (there !== undefined && there.length > 0) throw new Refusal(`${place} is not empty: a backup needs a directory of its own`);
    const archive = new NewArchive(normalize(join(place, ".")).replace(/\/$/, ""));
    await rm(archive.#part, { recursive: true, force: true });
    // Passwords' hashes and log lines are for those alone who may run this command.
    await mkdir(archive.#part, { recursive: true, mode: 0o700 });
    return archive;
  }

  /** @returns how many bytes it has */
  async add(path: string, content: Readable | string): Promise<number> {
    const file = join(this.#part, path);
    await mkdir(dirname(file), { recursive: true });
    const measure = new Measure();
    await pipeline(
      typeof content === "string" ? Readable.from([Buffer.from(content)]) : content,
      (chunks: AsyncIterable<Buffer>) => measure.pass(chunks),
      createWriteStream(file, { mode: 0o600 }),
    );
    this.#files[path] = measure.entry;
    return measure.entry.bytes;
  }

  async finish(subject: Subject): Promise<void> {
    const manifest: Manifest = { format, made: new Date().toISOString(), ...subject, files: this.#files };
    await writeFile(join(this.#part, manifestFile), `${JSON.stringify(manifest, null, 2)}\n`, { mode: 0o600 });
    if ((await entriesOf(this.#place)) !== undefined) await rmdir(this.#place); // it is empty
    await rename(this.#part, this.#place);
  }

  /** What was written is no use. */
  async abandon(): Promise<void> {
    await rm(this.#part, { recursive: true, force: true });
  }
}

/** A backup as it was written: every file of it is there, and is what it was. */
export class Archive {
  readonly manifest: Manifest;
  readonly #place: string;

  private constructor(place: string, manifest: Manifest) {
    this.#place = place;
    this.manifest = manifest;
  }

  /** @throws Refusal where it is none, or not whole */
  static async open(place: string): Promise<Archive> {
    const there = await entriesOf(place);
    if (there === undefined) throw new Refusal(`there is no directory ${place}`);
    if (!there.includes(manifestFile)) throw new Refusal(`${place} is no backup, or one that was not finished: it has no ${manifestFile}`);
    const archive = new Archive(place, manifestOf(place, await readFile(join(place, manifestFile), "utf8")));
    for (const [path, { sha256 }] of Object.entries(archive.manifest.files)) {
      const file = archive.path(path);
      if ((await stat(file).catch(() => undefined)) === undefined) throw new Refusal(`the backup in ${place} is not whole: ${path} is missing`);
      const measure = new Measure();
      for await (const _ of measure.pass(createReadStream(file)));
      if (measure.entry.sha256 !== sha256) throw new Refusal(`the backup in ${place} is not what was written: ${path} has changed`);
    }
    return archive;
  }

  /** The files whose names begin so, by the rest of the name. */
  below(folder: string): Map<string, Entry> {
    return new Map(
      Object.entries(this.manifest.files).flatMap(([path, entry]) => (path.startsWith(`${folder}/`) ? [[path.slice(folder.length + 1), entry]] : [])),
    );
  }

  has(path: string): boolean {
    return Object.hasOwn(this.manifest.files, path);
  }

  /** Where a file of it is. */
  path(path: string): string {
    return join(this.#place, path);
  }

  text(path: string): Promise<string> {
    return readFile(this.path(path), "utf8");
  }
}

class Measure {
  readonly #hash = createHash("sha256");
  #bytes = 0;

  async *pass(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      this.#hash.update(chunk);
      this.#bytes += chunk.length;
      yield chunk;
    }
  }

  get entry(): Entry {
    return { bytes: this.#bytes, sha256: this.#hash.copy().digest("hex") };
  }
}

function manifestOf(place: string, text: string): Manifest {
  let found: Partial<Manifest>;
  try {
    found = JSON.parse(text) as Partial<Manifest>;
  } catch {
    throw new Refusal(`the backup in ${place} is not whole: its ${manifestFile} cannot be read`);
  }
  if (found.format !== format) throw new Refusal(`the backup in ${place} has format ${found.format}; this version reads ${format}`);
  const leaving = Object.keys(found.files ?? {}).find((path) => isAbsolute(path) || normalize(path).startsWith(".."));
  if (leaving !== undefined) throw new Refusal(`the backup in ${place} names a file outside of it: ${leaving}`);
  return found as Manifest;
}

/** What is in a directory; nothing where there is none. */
async function entriesOf(directory: string): Promise<string[] | undefined> {
  return readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw new Refusal(`${directory} is no directory: ${error.code}`);
  });
}
