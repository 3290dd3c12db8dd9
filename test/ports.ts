import { createServer } from "node:net";

// Below the ports that the system gives to outgoing connections, which could take a port between its choice and its use;
// a range of its own for each of vitest's processes, which run side by side.
const rangeSize = 400;
const rangeStart = 20_000 + (Number(process.env["VITEST_POOL_ID"] ?? 0) % 30) * rangeSize;
let nextPort = process.pid % rangeSize;

export async function freePort(): Promise<number> {
  for (let tries = 0; tries < rangeSize; tries += 1) {
    const port = rangeStart + (nextPort++ % rangeSize);
    const server = createServer();
    const free = await new Promise<boolean>((resolve) => server.once("error", () => resolve(false)).listen(port, () => resolve(true)));
    await new Promise((resolve) => server.close(resolve));
    if (free) return port;
  }
  throw new Error(`no port from ${rangeStart} to ${rangeStart + rangeSize - 1} is free`);
}
