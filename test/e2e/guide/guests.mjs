// Clients whose keys somebody gave them, and the stack's own. For each file /keys/NAME.keys: one whose connection stays, and one
// that makes another for each request. Twice a second a line says what became of all requests so far.
import { readdirSync, symlinkSync } from "node:fs";
import { createClient } from "/app/client/client.ts";

symlinkSync(process.env.CURVE_PEER_FILE, "/keys/stack.keys");

const endpoints = [process.env.BROKER_FRONTEND];
const guests = {};
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

// Longer than a loaded machine takes for anything; shorter for the one that is to be locked out, so that it is soon seen.
const timeoutOf = (file) => (file.includes("shop") ? 5_000 : 30_000);

async function ask(client, file, ledger) {
  ledger.asked += 1;
  ledger.last = await client.request("echo", "hello", { timeoutMs: timeoutOf(file) }).then(
    () => "answered",
    ({ message }) => message,
  );
  if (ledger.last === "answered") ledger.answered += 1;
  else ledger.failed += 1;
}

async function stays(file, ledger) {
  for (const client = createClient({ endpoints, curve: { file } }); ; await pause(200)) await ask(client, file, ledger);
}

async function comesAnew(file, ledger) {
  for (; ; await pause(500)) {
    const client = createClient({ endpoints, curve: { file } });
    await ask(client, file, ledger);
    client.close();
  }
}

for (; ; await pause(500)) {
  for (const file of readdirSync("/keys").filter((name) => name.endsWith(".keys"))) {
    const name = file.slice(0, -".keys".length);
    if (guests[name] !== undefined) continue;
    const ledger = () => ({ asked: 0, answered: 0, failed: 0, last: "" });
    guests[name] = { stays: ledger(), comesAnew: ledger() };
    stays(`/keys/${file}`, guests[name].stays);
    comesAnew(`/keys/${file}`, guests[name].comesAnew);
  }
  console.log(JSON.stringify(guests));
}
