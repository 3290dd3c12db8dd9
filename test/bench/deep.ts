/** `deep.ts FRONTEND COUNT`: fills a queue that nobody serves yet until COUNT requests or the broker's bound, says how many it took, and measures how fast they are answered then. */
import { createClient } from "../../services/client/client.ts";
import { BrokerBusy } from "../../services/client/errors.ts";

const [, , frontend, given] = process.argv as [string, string, string, string];
const count = Number(given);
const connections = 5;
const body = Buffer.alloc(100, "a");
const clients = Array.from({ length: connections }, () => createClient({ endpoints: [frontend] }));
let replied = 0;
let refused = 0;
let failed: unknown;
let firstAtMs = 0;

for (let sent = 0; sent < count; sent += 1) {
  clients[sent % connections]!.request("echo", body, { timeoutMs: 600_000 }).then(
    () => {
      if (replied === 0) firstAtMs = performance.now();
      replied += 1;
    },
    (error: unknown) => {
      if (error instanceof BrokerBusy) refused += 1;
      else failed ??= error;
    },
  );
  if (sent % 2_000 === 0) await new Promise((resolve) => setImmediate(resolve));
}
let taken: number;
for (;;) {
  ({ waiting: taken } = (await clients[0]!.status(30_000)) as { waiting: number });
  if (failed !== undefined) throw failed;
  if (taken + refused >= count) break;
  await new Promise((resolve) => setTimeout(resolve, 100));
}
process.stdout.write(`filled ${taken}\n`);
// The queue is deep while the first half of it leaves.
while (replied < taken / 2 && failed === undefined) await new Promise((resolve) => setTimeout(resolve, 5));
const requestsPerSecond = replied / ((performance.now() - firstAtMs) / 1000);
while (replied < taken && failed === undefined) await new Promise((resolve) => setTimeout(resolve, 5));
if (failed !== undefined) throw failed;
process.stdout.write(`${JSON.stringify({ requestsPerSecond })}\n`);
process.exit(0);
