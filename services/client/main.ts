/** The client's command line. Exit codes: 0 done, 1 no reply (one line on standard error says why), 2 wrong usage. */
import { readFile, writeFile } from "node:fs/promises";
import { Command, CommanderError, InvalidArgumentError } from "commander";
import { environment } from "../contract/environment.ts";
import { readSettings } from "../process/settings.ts";
import { connectEndpoints } from "../process/values.ts";
import { ping } from "../transport/ping.ts";
import { createClient } from "./client.ts";
import { RequestInvalid } from "./errors.ts";

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
}

const program = new Command("client").description("Sends requests to a Majordomo broker.").exitOverride();

program
  .command("request")
  .description("Send one request and write its reply, byte for byte, to standard output.")
  .requiredOption("--service <name>", "the service to ask")
  .option("--file <path>", "read the request's body from a file (default: standard input)")
  .option("--body <text>", "the request's body as text")
  .option("--output <path>", "write the reply to a file")
  .option("--address <endpoints>", `brokers' frontends, separated by commas (default: ${environment.frontendEndpoint.name})`, addresses)
  .option("--timeout-ms <milliseconds>", "how long to wait for the reply at each try", whole(1, 86_400_000), 5_000)
  .option("--retries <count>", "tries after the first; the request may then run more than once", whole(0, 1_000), 0)
  .action(request);

program
  .command("ping")
  .description("Ask the broker's frontend for a PONG.")
  .option("--address <endpoints>", `brokers' frontends (default: ${environment.frontendEndpoint.name})`, addresses)
  .option("--timeout-ms <milliseconds>", "how long to wait for each answer", whole(1, 86_400_000), 3_000)
  .action(async ({ address = defaultAddresses(), timeoutMs }: { address?: string[]; timeoutMs: number }) => {
    for (const endpoint of address) {
      const startedAtMs = performance.now();
      const problem = await ping(endpoint, timeoutMs);
      if (problem !== undefined) throw new Error(problem);
      process.stdout.write(`PONG from ${endpoint} in ${(performance.now() - startedAtMs).toFixed(1)} ms\n`);
    }
  });

try {
  await program.parseAsync();
  process.exit(0);
} catch (error) {
  if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : usageExitCode);
  process.stderr.write(`error: ${(error as Error).message}\n`);
  process.exit(error instanceof UsageError || error instanceof RequestInvalid ? usageExitCode : 1);
}

async function request({ service, file, body, output, address, timeoutMs, retries }: RequestArguments): Promise<void> {
  if (file !== undefined && body !== undefined) throw new UsageError("--file and --body cannot both be given");
  const input = body ?? (await readBody(file));
  const client = createClient({ endpoints: address ?? defaultAddresses() });
  const onSignal = (): void => client.close();
  process.once("SIGINT", onSignal).once("SIGTERM", onSignal);
  try {
    const reply = await client.request(service, input, { timeoutMs, retries });
    if (output === undefined) await print(reply);
    else await writeFile(output, reply);
  } finally {
    client.close();
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

function defaultAddresses(): string[] {
  return readSettings({ address: { variable: environment.frontendEndpoint, kind: connectEndpoints } }, { env: process.env }).address;
}

function addresses(text: string): string[] {
  const result = connectEndpoints.safeParse(text);
  if (result.success) return result.data;
  throw new InvalidArgumentError(result.error.issues.map(({ message }) => message).join("; "));
}

function whole(from: number, to: number) {
  return (text: string): number => {
    const number = /^\d+$/.test(text) ? Number(text) : NaN;
    if (number >= from && number <= to) return number;
    throw new InvalidArgumentError(`must be a whole number from ${from} to ${to}`);
  };
}
