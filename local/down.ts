import { existsSync, rmSync } from "node:fs";
import { addresses } from "./cluster/addresses.ts";
import { removeCgroup } from "./cluster/cgroups.ts";
import { deleteKindCluster } from "./cluster/kind.ts";
import { environment } from "./environment.ts";
import { Failure } from "./failure.ts";
import { look } from "./found.ts";
import { locked } from "./lock.ts";
import { paths } from "./paths.ts";
import { plan, type Plan } from "./plan.ts";
import { program } from "./program.ts";
import { perform, type Say, type Step } from "./steps.ts";
import { stop, until } from "./processes.ts";
import { selectStack, stackExists, update } from "./stack.ts";

const usage = `npm run down [-- --all]

Destroys the dev stack.

  --all   also ends and removes everything that \`npm run up\` started here; what was built stays cached`;

async function down(all: boolean): Promise<void> {
  const found = await look();
  const decided = plan(found);
  const clusterRuns = decided.cluster !== "node" || found.node;
  if (stackExists() && !clusterRuns && !all) {
    throw new Failure("the local cluster is not running", { todo: "Start it with `npm run up`, or remove all with `npm run down -- --all`." });
  }
  const steps: Step[] = [];
  if (stackExists() && clusterRuns) steps.push({ title: "Stack", run: (say) => destroy(decided, say) });
  if (all) steps.push({ title: "What runs for it", run: () => stopAll(decided.cluster === "kind") });
  if (steps.length === 0) console.log("There is no dev stack.");
  await perform(steps);
}

async function destroy(decided: Plan, say: Say): Promise<string> {
  const env = environment(decided);
  await selectStack(env);
  return update("destroy", env, say);
}

/** Ends every process of `local/` and removes what it kept; the node's mounts, interfaces and rules end with it. */
export async function stopAll(kind: boolean): Promise<string> {
  if (kind) await deleteKindCluster();
  await stop();
  await until(() => !existsSync(`/sys/class/net/${addresses.link}`), 10_000);
  if (process.platform === "linux") await removeCgroup();
  rmSync(paths.state, { recursive: true, force: true });
  return `ended and removed; what was built stays in ${paths.cache}`;
}

if (import.meta.main) await program(usage, ["all"], ({ all }) => locked(() => down(all)));
