import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { execa, type ResultPromise } from "execa";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { Given, Task } from "../../operations/history/volume-server.ts";
import { freePort } from "../ports.ts";
import { yaml } from "../../monitoring/yaml.ts";

const folder = mkdtempSync(join(tmpdir(), "zeromq-stack-prometheus-"));
const running: ResultPromise<{ reject: false }>[] = [];
const patience = { timeout: 180_000, interval: 500 };
const copies = 6;

beforeAll(() => mkdirSync(join(folder, "temporary")));
afterAll(async () => {
  for (const child of running) child.kill();
  await Promise.all(running);
  rmSync(folder, { recursive: true });
});

/** A Prometheus on a folder. One that collects does so from itself, and makes blocks of seconds instead of hours. */
async function prometheus(data: string, collects: boolean): Promise<string> {
  const port = await freePort();
  const file = join(folder, `${data}.yml`);
  writeFileSync(
    file,
    yaml({
      global: { scrape_interval: collects ? "1s" : "1h" },
      ...(collects && { scrape_configs: [{ job_name: "self", static_configs: [{ targets: [`127.0.0.1:${port}`] }] }] }),
    }),
  );
  const hasty = collects ? ["--storage.tsdb.min-block-duration=5s", "--storage.tsdb.max-block-duration=30s"] : [];
  running.push(
    execa("prometheus", [`--config.file=${file}`, `--storage.tsdb.path=${join(folder, data)}`, `--web.listen-address=127.0.0.1:${port}`, ...hasty], {
      reject: false,
    }),
  );
  const address = `http://127.0.0.1:${port}`;
  await vi.waitFor(async () => expect((await fetch(`${address}/-/ready`)).status).toBe(200), patience);
  return address;
}

async function server(data: string): Promise<string> {
  const port = await freePort();
  const task: Task = { kind: "prometheus", port, volume: join(folder, data), temporary: join(folder, "temporary") };
  const program = readFileSync(join(import.meta.dirname, "../../operations/history/volume-server.ts"), "utf8");
  running.push(execa(process.execPath, ["--input-type=module-typescript", "--eval", program, JSON.stringify(task)], { reject: false }));
  await vi.waitFor(() => fetch(`http://127.0.0.1:${port}/own`), patience);
  return `http://127.0.0.1:${port}`;
}

/** Every sample of every series before a time, in milliseconds; the series by their labels. */
async function samples(address: string, before: number): Promise<Map<string, unknown[]>> {
  const answer = (await (await fetch(`${address}/api/v1/query?${new URLSearchParams({ query: '{__name__=~".+"}[1h]' })}`)).json()) as {
    data: { result: { metric: object; values: [number, string][] }[] };
  };
  return new Map(
    answer.data.result.map(({ metric, values }) => [JSON.stringify(Object.entries(metric).sort()), values.filter(([seconds]) => seconds * 1_000 < before)]),
  );
}

async function measure(address: string, metric: string): Promise<number> {
  return Number(new RegExp(`^${metric} (\\S+)$`, "m").exec(await (await fetch(`${address}/metrics`)).text())?.[1]);
}

test("a copy of a working Prometheus' volume has every sample, whatever it moves, merges and deletes meanwhile", async () => {
  const address = await prometheus("original", true);
  const files = await server("original");
  const moments: number[] = [];
  const did = (what: string): Promise<number> => measure(address, what);
  await vi.waitFor(async () => expect(await did("prometheus_tsdb_compactions_total")).toBeGreaterThanOrEqual(2), patience);
  const atFirst = await did("prometheus_tsdb_compactions_total");
  while (moments.length < copies) {
    const place = join(folder, `copy-${moments.length}`);
    moments.push(Date.now());
    for (const [number, { path, bytes }] of ((await (await fetch(`${files}/files`)).json()) as Given[]).entries()) {
      const content = Buffer.from(await (await fetch(`${files}/file?of=${number}`)).arrayBuffer());
      expect(content).toHaveLength(bytes);
      mkdirSync(dirname(join(place, path)), { recursive: true });
      writeFileSync(join(place, path), content);
    }
    const due = atFirst + moments.length;
    await vi.waitFor(async () => expect(await did("prometheus_tsdb_compactions_total")).toBeGreaterThanOrEqual(due), patience);
  }
  expect(await did("prometheus_tsdb_checkpoint_creations_total")).toBeGreaterThan(0);
  for (const [number, moment] of moments.entries()) {
    const copy = await prometheus(`copy-${number}`, false);
    const settled = moment - 2_000; // a scrape's samples are written after the time that they bear
    const [expected, found] = [await samples(address, settled), await samples(copy, settled)];
    expect([...expected.values()].flat().length).toBeGreaterThan(1_000);
    const differing = [...expected].filter(([labels, values]) => values.length > 0 && JSON.stringify(found.get(labels)) !== JSON.stringify(values));
    expect(differing).toEqual([]);
  }
});
