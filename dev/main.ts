/** `npm run dev`: a broker and the handlers of a folder as plain processes on loopback; a handler is replaced when its file changes. */
import { existsSync, readdirSync } from "node:fs";
import { createServer } from "node:net";
import { basename, extname, join, resolve } from "node:path";
import { watch } from "chokidar";
import { logFields } from "../services/contract/logs.ts";
import { ports } from "../services/contract/ports.ts";
import { startProgram } from "./programs.ts";
import type { Program } from "./programs.ts";

const checkout = resolve(import.meta.dirname, "..");
const given = process.argv[2];
if (given === "--help" || given === "-h") {
  console.log("npm run dev [-- FOLDER]\n\nServes every .ts and .js file of FOLDER (default: handlers/) that exports `handler`, under the file's name.");
  process.exit(0);
}
const folder = given === undefined ? ["handlers", join(checkout, "services/worker/handlers")].map((path) => resolve(path)).find(existsSync)! : resolve(given);
if (!existsSync(folder)) {
  console.error(
    `error: ${folder} is not there. Give a folder with a file for each service, for instance handlers/shout.ts:\n\n  export const handler = (body: Buffer) => body.toString().toUpperCase();\n`,
  );
  process.exit(2);
}

const say = (text: string): void => console.log(`${new Date().toTimeString().slice(0, 8)}  ${text}`);
const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false)).listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
const taken = new Set<number>();
async function freePort(from: number): Promise<number> {
  for (let port = from; ; port += 1) {
    if (taken.has(port) || !(await isFree(port))) continue;
    taken.add(port);
    return port;
  }
}

const frontend = await freePort(ports.frontend);
const backend = await freePort(Math.max(ports.backend, frontend + 1));
const loud = new Set(["WARNING", "ERROR", "CRITICAL"]);
const quiet = /plain text/;
const tell = (who: string) => (line: Record<string, unknown>) => {
  if (!loud.has(String(line["level"])) || quiet.test(String(line["message"]))) return;
  const { err } = line as { err?: { type: string; message?: string; stack?: string } };
  const id = line[logFields.requestId.name];
  const error = err === undefined ? [] : [`${err.type}: ${err.message ?? ""}`, ...(err.stack === undefined ? [] : [err.stack])];
  say([`${who}: ${String(line["message"])}${id === undefined ? "" : ` (request ${String(id)})`}`, ...error].join("\n"));
};

const heartbeat = { HEARTBEAT_INTERVAL: "1" };
const broker = startProgram(
  "broker",
  {
    ...heartbeat,
    FRONTEND_ADDRESS: `tcp://127.0.0.1:${frontend}`,
    BACKEND_ADDRESS: `tcp://127.0.0.1:${backend}`,
    METRICS_PORT: String(await freePort(ports.metrics)),
    SHUTDOWN_GRACE: "2",
  },
  tell("broker"),
);
const isHandler = (path: string): boolean => [".ts", ".js"].includes(extname(path)) && !path.endsWith(".d.ts");
const serviceOf = (path: string): string => basename(path, extname(path));
const workers = new Map<string, Program>();
/** What is to be done for one service, one after the other. */
const queues = new Map<string, Promise<void>>();

async function start(path: string): Promise<void> {
  const service = serviceOf(path);
  const old = workers.get(service);
  const env = {
    ...heartbeat,
    BROKER_ADDRESS: `tcp://127.0.0.1:${backend}`,
    SERVICE: service,
    HANDLER: path,
    LOG_ERROR_MESSAGES: "true",
    METRICS_PORT: String(await freePort(ports.metrics)),
    LEDGER_FILE: join(folder, "ledger.txt"),
  };
  const worker = startProgram("worker", env, tell(service));
  try {
    await worker.said("registered");
  } catch (error) {
    say(`${service}: ${old === undefined ? "not served" : "the old one goes on"}: ${(error as Error).message}`);
    return;
  }
  workers.set(service, worker);
  say(old === undefined ? `${service}: served` : `${service}: replaced`);
  await old?.stop();
}

async function remove(path: string): Promise<void> {
  const service = serviceOf(path);
  await workers.get(service)?.stop();
  workers.delete(service);
  say(`${service}: no longer served, its file is gone`);
}

const inTurn = (path: string, act: (path: string) => Promise<void>): void => {
  if (!isHandler(path)) return;
  const service = serviceOf(path);
  queues.set(
    service,
    (queues.get(service) ?? Promise.resolve()).then(() => act(path)),
  );
};

let stopping = false;
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    if (stopping) process.exit(1);
    stopping = true;
    void Promise.all([...workers.values()].map((worker) => worker.stop()))
      .then(() => broker.stop())
      .then(() => process.exit(0));
  });
}

const files = readdirSync(folder)
  .filter(isHandler)
  .filter((file) => given !== undefined || serviceOf(file) !== "ledger");
try {
  await Promise.all([broker.said("ready"), ...files.map((file) => start(join(folder, file)))]);
} catch (error) {
  console.error(`error: ${(error as Error).message}`);
  process.exit(1);
}
const address = frontend === ports.frontend ? "" : ` --address tcp://localhost:${frontend}`;
const client = join(checkout, "services/client/main.ts");
say(`ready: clients tcp://localhost:${frontend}, workers tcp://localhost:${backend}, handlers of ${folder}`);
if (files.length > 0) say(`send:   ${process.execPath} ${client} request --service ${serviceOf(files[0]!)} --body hello${address}`);
say(`look:   ${process.execPath} ${client} status${address}`);
watch(folder, { ignoreInitial: true, depth: 0, awaitWriteFinish: { stabilityThreshold: 50, pollInterval: 10 } })
  .on("add", (path) => inTurn(path, start))
  .on("change", (path) => inTurn(path, start))
  .on("unlink", (path) => inTurn(path, remove));
