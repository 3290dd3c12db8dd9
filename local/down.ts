import { existsSync, rmSync } from "node:fs";
import { parseArgs } from "node:util";
import { addresses } from "./cluster/addresses.ts";
import { removeCgroup } from "./cluster/cgroups.ts";
import { deleteKindCluster } from "./cluster/kind.ts";
import { environment } from "./environment.ts";
import { describe, Failure } from "./failure.ts";
import { look } from "./found.ts";
import { locked } from "./lock.ts";
import { paths } from "./paths.ts";
import { plan, type Plan } from "./plan.ts";
import { stop, until } from "./processes.ts";
import { selectStack, stackExists, update } from "./stack.ts";

const usage = `npm run down [-- --all]

Destroys the dev stack.

  --all   also ends and removes everything that \`npm run up\` started here; what was built stays cached`;

async function down(all: boolean): Promise<void> {
  const found = await look();
  const decided = plan(found);
  const clusterRuns = decided.cluster !== "node" || found.node;
  if (!stackExists()) console.log("There is no dev stack.");
  else if (clusterRuns) await destroy(decided);
  else if (!all) throw new Failure("the local cluster is not running", { todo: "Start it with `npm run up`, or remove all with `npm run down -- --all`." });
  if (!all) return;
  await stopAll(decided.cluster === "kind");
  console.log(`Nothing of it runs any more. What was built stays in ${paths.cache}.`);
}

async function destroy(decided: Plan): Promise<void> {
  const env = environment(decided);
  await selectStack(env);
  console.log(`Destroying the stack: ${await update("destroy", env, (line) => console.log(`  ${line}`))}`);
}

/** Ends every process of `local/` and removes what it kept; the node's mounts, interfaces and rules end with it. */
export async function stopAll(kind: boolean): Promise<void> {
  if (kind) await deleteKindCluster();
  await stop();
  await until(() => !existsSync(`/sys/class/net/${addresses.link}`), 10_000);
  if (process.platform === "linux") await removeCgroup();
  rmSync(paths.state, { recursive: true, force: true });
}

if (import.meta.main) {
  try {
    const { values } = parseArgs({ options: { all: { type: "boolean", default: false }, help: { type: "boolean", default: false } } });
    if (values.help) console.log(usage);
    else await locked(() => down(values.all));
  } catch (error) {
    console.error(`\n${describe(error)}`);
    process.exitCode = 1;
  }
}
