/** The client's command line. Exit codes: 0 done, 1 no reply (one line on standard error says why), 2 wrong usage. */
import { readFile, writeFile } from "node:fs/promises";
import { Command, CommanderError } from "commander";
import { readClientCurve } from "../process/client-curve.ts";
import { ping } from "../transport/ping.ts";
import type { Status } from "../broker/status.ts";
import { addresses, addressOption, defaultAddresses, span, whole } from "./arguments.ts";
import { createClient } from "./client.ts";
import type { Client } from "./client.ts";
import { RequestError, RequestInvalid } from "./errors.ts";
import { everyBroker } from "./every-broker.ts";
import { load } from "./load.ts";
import { brokersText, reportText, statusText } from "./print.ts";
import { addSwitchCommands } from "./switch-commands.ts";

const usageExitCode = 2;

/** A wrong use of the command line that commander cannot know. */
class UsageError extends Error {}

interface RequestArguments {
  service: string;
  file?: string;
  body?: string;
  output?: string;
  address?: string[];
  timeoutMs: number;
  retries: number;
  lines: boolean;
  concurrency: number;
  json: boolean;
  trace?: string;
}

interface LoadArguments {
  service: string;
  address?: string[];
  connections: number;
  concurrency: number;
  count?: number;
  durationSeconds?: number;
  rate?: number;
  size: number;
  body?: string;
  workMs?: [number, number];
  partsPercent: number;
  timeoutMs: number;
  retries: number;
  check: boolean;
  perSecond: boolean;
  executions: string[];
  json: boolean;
}

const program = new Command("client")
  .description(
    "Sends requests to a broker. CURVE keys are read from the file CURVE_PEER_FILE, or from CURVE_SERVER_KEY, CURVE_PUBLIC_KEY and CURVE_SECRET_KEY.",
  )
  .exitOverride();

program
  .command("request")
  .description("Send a request and write its reply, byte for byte, to standard output.")
  .requiredOption("--service <name>", "the service to ask")
  .option("--file <path>", "read the request's body from a file (default: standard input)")
  .option("--body <text>", "the request's body as text")
  .option("--output <path>", "write the reply to a file")
  .option("--lines", "send each line of the input as a request of its own; replies are lines, in the same order", false)
  .option("--concurrency <count>", "requests outstanding at once, with --lines", whole(1, 100_000), 16)
  .option("--json", "write a JSON object a request: reply or error, executed, its id in the logs, milliseconds", false)
  .option("--trace <traceparent>", "W3C trace context that goes with the request")
  .option(...addressOption, addresses)
  .option("--timeout-ms <milliseconds>", "how long a request may take, all its tries together", whole(1, 86_400_000), 5_000)
  .option("--retries <count>", "tries after the first; the request may then run more than once", whole(0, 1_000), 0)
  .action(request);

program
  .command("ping")
  .description("Ask the broker's frontend for a PONG.")
  .option(...addressOption, addresses)
  .option("--timeout-ms <milliseconds>", "how long to wait for each answer", whole(1, 86_400_000), 3_000)
  .action(async ({ address = defaultAddresses(), timeoutMs }: { address?: string[]; timeoutMs: number }) => {
    for (const endpoint of address) {
      const startedAtMs = performance.now();
      const problem = await ping(endpoint, timeoutMs, readClientCurve({ env: process.env }));
      if (problem !== undefined) throw new Error(problem);
      process.stdout.write(`PONG from ${endpoint} in ${(performance.now() - startedAtMs).toFixed(1)} ms\n`);
    }
  });

program
  .command("status")
  .description("Show what a broker holds: role, connections, services.")
  .option(...addressOption, addresses)
  .option("--timeout-ms <milliseconds>", "how long to wait for the answer", whole(1, 86_400_000), 3_000)
  .option("--each", "every broker behind the names, a line each", false)
  .option("--json", "as JSON", false)
  .action(async ({ address, timeoutMs, each, json }: { address?: string[]; timeoutMs: number; each: boolean; json: boolean }) => {
    if (each) {
      const found = await everyBroker(address ?? defaultAddresses(), readClientCurve({ env: process.env }), timeoutMs);
      process.stdout.write(json ? `${JSON.stringify(found)}\n` : brokersText(found));
      return;
    }
    for (const endpoint of address ?? defaultAddresses()) {
      const status = (await withClient([endpoint], (client) => client.status(timeoutMs))) as Status;
      process.stdout.write(json ? `${JSON.stringify(status)}\n` : statusText(status));
    }
  });

program
  .command("load")
  .description("Send many requests and keep a ledger of what became of each. Exit code 1 where one failed, was duplicated or got a wrong reply.")
  .requiredOption("--service <name>", "the service to ask; its worker should answer what it is sent (echo, ledger)")
  .option("--concurrency <count>", "requests outstanding on each connection", whole(1, 100_000), 64)
  .option("--connections <count>", "connections", whole(1, 10_000), 1)
  .option("--count <count>", "requests in all", whole(1, 1_000_000_000))
  .option("--duration-seconds <seconds>", "how long to send (default: 10, where no --count is given)", whole(1, 86_400))
  .option("--rate <per second>", "begin so many a second, whatever comes back", whole(1, 1_000_000))
  .option("--size <bytes>", "bytes of a body", whole(30, 1_000_000_000), 64)
  .option("--body <text>", "what stands in a body after its id")
  .option("--work-ms <from-to>", "ask the handler `work` to take so many milliseconds; latencies are then told without them", span(1, 3_600_000))
  .option("--parts-percent <percent>", "how many of these are answered in parts", whole(0, 100), 0)
  .option("--no-check", "replies need not begin with their request's id")
  .option("--executions <files...>", "what the handler `ledger` wrote (LEDGER_FILE), to count how often each request was run", [])
  .option("--per-second", "with --json: what ended in each second, too", false)
  .option(...addressOption, addresses)
  .option("--timeout-ms <milliseconds>", "how long a request may take, all its tries together", whole(1, 86_400_000), 5_000)
  .option("--retries <count>", "tries after the first", whole(0, 1_000), 0)
  .option("--json", "the ledger as JSON", false)
  .action(async (given: LoadArguments) => {
    const stop = new AbortController();
    process.once("SIGINT", () => stop.abort()).once("SIGTERM", () => stop.abort());
    const report = await load({
      ...given,
      endpoints: given.address ?? defaultAddresses(),
      curve: readClientCurve({ env: process.env }),
      count: given.count,
      durationSeconds: given.durationSeconds ?? (given.count === undefined ? 10 : undefined),
      rate: given.rate,
      body: given.body === undefined ? undefined : Buffer.from(given.body),
      workMs: given.workMs,
      partsShare: given.partsPercent / 100,
      checksReplies: given.check,
      signal: stop.signal,
      onProgress(sent, ended, perSecond) {
        if (process.stderr.isTTY) process.stderr.write(`\r${sent} sent, ${sent - ended} outstanding, ${perSecond} ended in the last second `);
      },
    });
    if (process.stderr.isTTY) process.stderr.write("\n");
    process.stdout.write(given.json ? `${JSON.stringify(report)}\n` : reportText(report));
    if (report.replied < report.sent || report.duplicated + report.wrong + (report.wronglyNo ?? 0) > 0) process.exitCode = 1;
  });

addSwitchCommands(program);

try {
  await program.parseAsync();
  process.exit();
} catch (error) {
  if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : usageExitCode);
  process.stderr.write(`error: ${(error as Error).message}\n`);
  process.exit(error instanceof UsageError || error instanceof RequestInvalid ? usageExitCode : 1);
}

async function withClient<T>(endpoints: readonly string[], use: (client: Client) => Promise<T>): Promise<T> {
  const client = createClient({ endpoints, curve: readClientCurve({ env: process.env }) });
  const onSignal = (): void => client.close();
  process.once("SIGINT", onSignal).once("SIGTERM", onSignal);
  try {
    return await use(client);
  } finally {
    client.close();
  }
}

async function request(given: RequestArguments): Promise<void> {
  const { service, file, body, output, address, timeoutMs, retries, lines, concurrency, json, trace } = given;
  if (file !== undefined && body !== undefined) throw new UsageError("--file and --body cannot both be given");
  if (lines && output !== undefined) throw new UsageError("--lines writes to standard output: --output cannot be given");
  const input = body === undefined ? await readBody(file) : Buffer.from(body);
  const options = { timeoutMs, retries, trace };
  const inputs = lines ? input.toString().replace(/\n$/, "").split("\n") : [input];
  await withClient(address ?? defaultAddresses(), async (client) => {
    const pending: Promise<Buffer>[] = [];
    const ask = async (one: Buffer | string): Promise<Buffer> => {
      const startedAtMs = performance.now();
      let requestId: string | undefined;
      const named = json ? { ...options, onSent: (id: string) => void (requestId = id) } : options;
      const milliseconds = (): number => Math.round((performance.now() - startedAtMs) * 1000) / 1000;
      try {
        const reply = await client.request(service, one, named);
        return json ? Buffer.from(`${JSON.stringify({ reply: reply.toString(), bytes: reply.length, requestId, milliseconds: milliseconds() })}\n`) : reply;
      } catch (error) {
        if (!json || !(error instanceof RequestError)) throw error;
        process.exitCode = 1;
        return Buffer.from(
          `${JSON.stringify({ error: error.name, message: error.message, executed: error.executed, requestId, milliseconds: milliseconds() })}\n`,
        );
      }
    };
    for (const one of inputs) {
      if (pending.length >= concurrency) await write(await pending.shift()!);
      const reply = ask(one);
      reply.catch(() => {}); // it is awaited in its turn
      pending.push(reply);
    }
    for (const reply of pending) await write(await reply);
  });

  async function write(reply: Buffer): Promise<void> {
    if (output !== undefined) await writeFile(output, reply);
    else await print(lines && !json ? Buffer.concat([reply, Buffer.from("\n")]) : reply);
  }
}

async function readBody(file: string | undefined): Promise<Buffer> {
  if (file === undefined && process.stdin.isTTY) throw new UsageError("no body: give --body, --file, or something on standard input");
  try {
    if (file !== undefined) return await readFile(file);
    const chunks: Buffer[] = [];
    for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  } catch (error) {
    throw new UsageError(`the body cannot be read: ${(error as Error).message}`);
  }
}

/** Writes to standard output and waits until it is out, so that the exit cuts nothing off. */
function print(reply: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.once("error", reject);
    process.stdout.write(reply, (error) => (error ? reject(error) : resolve()));
  });
}
