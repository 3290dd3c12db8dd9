import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { createGunzip, createGzip } from "node:zlib";
import { type Distribution, elasticsearchUsers } from "../../monitoring/elasticsearch/configuration.ts";
import { loggingNames, loggingPorts, logIndex } from "../../monitoring/names.ts";
import { passwordKey } from "../../infra/specs/elasticsearch.ts";
import type { Archive, NewArchive } from "../archive.ts";
import { Refusal } from "../command.ts";
import type { Outputs } from "../stack.ts";
import { asked, forwarded, kubectl, settled, statefulSet } from "./cluster.ts";

const folder = "logs";
const name = loggingNames.elasticsearch;
const pageSize = 1_000;
const batchBytes = 4_000_000;
const templatePatienceMs = 300_000;

interface Hit {
  readonly _id: string;
  readonly _source: unknown;
}

interface Page {
  readonly _scroll_id: string;
  readonly hits: { readonly hits: readonly Hit[] };
}

/** Writes down the lines of each index as they were when it came to it. @returns what there is to say of it */
export async function backUpLogLines(outputs: Outputs, archive: NewArchive): Promise<string> {
  if ((await statefulSet(outputs, name)) === undefined) return "the stack has no Elasticsearch";
  return withElasticsearch(outputs, async (call) => {
    const indices = Object.keys((await call("GET", `${logIndex.pattern}/_settings`)) as object).sort();
    let count = 0;
    for (const index of indices) {
      const lines = async function* (): AsyncGenerator<string> {
        for await (const { _id, _source } of documentsOf(call, index)) {
          count += 1;
          yield `${JSON.stringify({ _id, _source })}\n`;
        }
      };
      await archive.add(`${folder}/${index}.ndjson.gz`, Readable.from(lines(), { objectMode: false }).pipe(createGzip()));
    }
    return `${count} in ${indices.length} indices`;
  });
}

/** Adds the lines that are not there; those that came meanwhile stay. */
export async function restoreLogLines(outputs: Outputs, distribution: Distribution, archive: Archive): Promise<string> {
  const files = [...archive.below(folder).keys()];
  if (files.length === 0) return "the backup has none";
  if ((await statefulSet(outputs, name)) === undefined) return "left out: the stack has no Elasticsearch now";
  await settled(outputs, name);
  return withElasticsearch(outputs, async (call) => {
    await templated(call);
    const counts = { added: 0, there: 0 };
    for (const file of files) {
      const index = file.replace(/\.ndjson\.gz$/, "");
      await made(call, index, distribution);
      for await (const batch of batches(createReadStream(archive.path(`${folder}/${file}`)))) {
        const { items } = (await call("POST", `${index}/_bulk`, batch)) as { items: { create: { status: number; error?: unknown } }[] };
        for (const {
          create: { status, error },
        } of items) {
          if (status === 409) counts.there += 1;
          else if (status < 300) counts.added += 1;
          else throw new Refusal(`Elasticsearch does not take a line of ${index}: ${JSON.stringify(error)}`);
        }
      }
    }
    await call("POST", `${logIndex.pattern}/_refresh`);
    return `${counts.added} in ${files.length} indices${counts.there === 0 ? "" : `; ${counts.there} were there`}`;
  });
}

type Call = (method: string, path: string, body?: string) => Promise<unknown>;

async function* documentsOf(call: Call, index: string): AsyncGenerator<Hit> {
  let page = (await call("POST", `${index}/_search?scroll=10m`, JSON.stringify({ size: pageSize, sort: ["_doc"] }))) as Page;
  while (page.hits.hits.length > 0) {
    yield* page.hits.hits;
    page = (await call("POST", "_search/scroll", JSON.stringify({ scroll: "10m", scroll_id: page._scroll_id }))) as Page;
  }
  await call("DELETE", "_search/scroll", JSON.stringify({ scroll_id: page._scroll_id }));
}

/** A file's lines as bulk requests of a bearable size. */
export async function* batches(file: Readable): AsyncGenerator<string> {
  let batch = "";
  for await (const line of createInterface({ input: file.pipe(createGunzip()), crlfDelay: Infinity })) {
    const { _id, _source } = exact(line) as Hit;
    batch += `${JSON.stringify({ create: { _id } })}\n${JSON.stringify(_source)}\n`;
    if (batch.length > batchBytes) {
      yield batch;
      batch = "";
    }
  }
  if (batch !== "") yield batch;
}

/** An index of before is as old as its day, not as this restore: its lifecycle deletes it when it would have. */
async function made(call: Call, index: string, distribution: Distribution): Promise<void> {
  const day = /-(\d{4})\.(\d\d)\.(\d\d)$/.exec(index);
  const settings =
    distribution === "default" && day !== null ? { "index.lifecycle.origination_date": Date.UTC(Number(day[1]), Number(day[2]) - 1, Number(day[3])) } : {};
  await call("PUT", index, JSON.stringify({ settings })).catch((error: unknown) => {
    if (!(error instanceof Refusal && error.message.includes("resource_already_exists_exception"))) throw error;
  });
}

/** Filebeat says how lines are kept before it brings the first; an index that was made before that would keep them otherwise. */
async function templated(call: Call): Promise<void> {
  const endsAtMs = performance.now() + templatePatienceMs;
  for (;;) {
    try {
      return void (await call("GET", `_index_template/${logIndex.name}`));
    } catch (error) {
      if (!(error instanceof Refusal && error.message.includes(": 404 "))) throw error;
      if (performance.now() > endsAtMs) throw new Refusal("Filebeat has not told Elasticsearch yet how lines are kept: look at its log, and run it again");
      await sleep(1_000);
    }
  }
}

async function withElasticsearch<Result>(outputs: Outputs, use: (call: Call) => Promise<Result>): Promise<Result> {
  const encoded = await kubectl(outputs, ["get", "secret", name, "-o", `jsonpath={.data.${passwordKey("admin")}}`]);
  const login = `${elasticsearchUsers.admin.name}:${Buffer.from(encoded, "base64").toString()}`;
  const headers = { authorization: `Basic ${Buffer.from(login).toString("base64")}` };
  return forwarded(outputs, `${name}-0`, loggingPorts.elasticsearch, (address) =>
    use(async (method, path, body) => {
      const type = path.endsWith("/_bulk") ? "application/x-ndjson" : "application/json";
      const answer = await asked(`${address}/${path}`, {
        method,
        headers: { ...headers, ...(body !== undefined && { "content-type": type }) },
        ...(body !== undefined && { body }),
      });
      return exact(await answer.text());
    }),
  );
}

/** JSON in which numbers stay as they were written: a handler's may have more digits than a number here. */
export function exact(text: string): unknown {
  const keep = (_: string, value: unknown, { source }: { source?: string }): unknown =>
    typeof value === "number" && source !== undefined && String(value) !== source ? rawJson(source) : value;
  return JSON.parse(text, keep as (key: string, value: unknown) => unknown);
}

const rawJson = (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON;
