/** The seed's health check: `PING` to the broker's frontend, `Healthy` and 0 if it answers `PONG`, else `Unhealthy: …` and 1. */
import { Command, InvalidArgumentError } from "commander";
import { readFrontendEndpoint } from "../broker/settings.ts";
import { readClientCurve } from "../process/client-curve.ts";
import { localEndpoint, parseEndpoint } from "../transport/endpoint.ts";
import { ping } from "../transport/ping.ts";

const program = new Command("healthcheck")
  .description("Asks the broker's frontend for a PONG.")
  .option("--timeout-ms <milliseconds>", "how long to wait for the answer", milliseconds, 3000)
  .option("--address <endpoint>", "the frontend, for instance tcp://localhost:5555 (default: where this container's broker listens)", endpoint)
  .parse();

function milliseconds(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1 || number > 600_000) throw new InvalidArgumentError("must be 1 to 600000");
  return number;
}

function endpoint(text: string): string {
  if (parseEndpoint(text) === undefined) throw new InvalidArgumentError("must be of the form tcp://host:port");
  return text;
}

const { timeoutMs, address } = program.opts<{ timeoutMs: number; address?: string }>();
let problem: string | undefined;
try {
  problem = await ping(localEndpoint(address ?? readFrontendEndpoint()), timeoutMs, readClientCurve({ env: process.env }));
} catch (error) {
  problem = (error as Error).message;
}
process.stdout.write(problem === undefined ? "Healthy\n" : `Unhealthy: ${problem}\n`);
process.exit(problem === undefined ? 0 : 1);
