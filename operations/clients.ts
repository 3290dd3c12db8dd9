/** `npm run clients`: who may send requests, and their keys. */
import { command, output, Refusal, type Target } from "./command.ts";
import { set, setting, unset, update } from "./stack.ts";

const usage = `npm run clients [-- COMMAND] [--stack NAME] [--config-file FILE]

  list                     who has a key (what is done without a command)
  add NAME [SERVICE…]      makes a client a key pair: for these services, or for all
  keys NAME                its keys, as lines for an environment or for the file CURVE_PEER_FILE: keep them secret
  remove NAME [--now]      its key opens no new connection any more; with --now the brokers are replaced, which ends the old ones`;

interface Client {
  readonly name: string;
  readonly services?: readonly string[];
}

async function listOf(target: Target): Promise<Client[]> {
  return JSON.parse((await setting(target, "clients")) ?? "[]") as Client[];
}

async function updated(target: Target, done: string): Promise<void> {
  if (!(await update(target))) throw new Refusal("\nThe update failed. Once it goes through (pulumi up), the change is made.");
  console.log(`\n${done}`);
}

async function add(target: Target, name: string, services: readonly string[]): Promise<void> {
  const clients = await listOf(target);
  if (clients.some((one) => one.name === name)) throw new Refusal(`${name} has a key already: npm run clients -- keys ${name}`);
  const path = `clients[${clients.length}]`;
  await set(target, { [`${path}.name`]: name, ...Object.fromEntries(services.map((service, index) => [`${path}.services[${index}]`, service])) });
  await updated(target, `${name} is admitted within a minute and a half. Its keys: npm run clients -- keys ${name}`);
}

async function remove(target: Target, name: string): Promise<void> {
  const now = target.flags.has("now");
  const index = (await listOf(target)).findIndex((one) => one.name === name);
  if (index < 0) throw new Refusal(`${name} is no client of the settings`);
  // In this order, an interrupted removal can be done again.
  if (now) await set(target, { "curve.restarts": String(Number((await setting(target, "curve.restarts")) ?? 0) + 1) });
  await unset(target, `clients[${index}]`);
  await updated(
    target,
    now ? `${name} is locked out.` : `${name} opens no new connection after a minute and a half; the ones that it has stay (--now ends them).`,
  );
}

async function show({ stack }: Target, name: string): Promise<void> {
  const all = JSON.parse(await output("pulumi", ["stack", "output", "clientKeys", "--json", "--show-secrets", ...stack])) as Record<
    string,
    Record<string, string>
  >;
  if (all[name] === undefined) throw new Refusal(`${name} has no key; who has: ${Object.keys(all).join(", ") || "nobody"}`);
  process.stdout.write(
    Object.entries(all[name])
      .map(([variable, value]) => `${variable}=${value}\n`)
      .join(""),
  );
}

await command(usage, ["now"], async (target) => {
  const [what = "list", name, ...services] = target.words;
  if (what === "list" && name === undefined) {
    for (const client of await listOf(target)) console.log(`${client.name}  ${client.services?.join(", ") ?? "all services"}`);
  } else if (what === "add" && name !== undefined) await add(target, name, services);
  else if (what === "remove" && name !== undefined && services.length === 0) await remove(target, name);
  else if (what === "keys" && name !== undefined && services.length === 0) await show(target, name);
  else throw new Refusal(`${target.words.join(" ")} is no command\n\n${usage}`);
});
