/** `deep.ts FRONTEND COUNT`: fills a queue that nobody serves yet, says "filled", and measures how fast it is emptied then. */
import { createClient } from "../../services/client/client.ts";

const [, , frontend, given] = process.argv as [string, string, string, string];
const count = Number(given);
const connections = 5;
const body = Buffer.alloc(100, "a");
const clients = Array.from({ length: connections }, () => createClient({ endpoints: [frontend] }));
let replied = 0;
let failed: unknown;
let firstAtMs = 0;

for (let sent = 0; sent < count; sent += 1) {
  clients[sent % connections]!.request("echo", body, { timeoutMs: 600_000 }).then(
    () => {
      if (replied === 0) firstAtMs = performance.now();
      replied += 1;
    },
    (error: unknown) => (failed ??= error),
  );
  if (sent % 2_000 === 0) await new Promise((resolve) => setImmediate(resolve));
}
for (;;) {
  const { waiting } = (await clients[0]!.status(30_000)) as { waiting: number };
  if (failed !== undefined) throw failed;
  if (waiting >= count) break;
  await new Promise((resolve) => setTimeout(resolve, 100));
}
process.stdout.write("filled\n");
// The queue is deep while the first half of it leaves.
while (replied < count / 2 && failed === undefined) await new Promise((resolve) => setTimeout(resolve, 5));
if (failed !== undefined) throw failed;
process.stdout.write(`${JSON.stringify({ requestsPerSecond: replied / ((performance.now() - firstAtMs) / 1000) })}\n`);
process.exit(0);
