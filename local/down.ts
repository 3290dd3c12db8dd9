import { existsSync, readFileSync, rmSync } from "node:fs";
import { addresses } from "./cluster/addresses.ts";
import { removeCgroup } from "./cluster/cgroups.ts";
import { deleteKindCluster } from "./cluster/kind.ts";
import type { Cluster } from "./cluster/choice.ts";
import { environment, usesOwnBackend } from "./environment.ts";
import { Failure } from "./failure.ts";
import { look } from "./found.ts";
import { locked } from "./lock.ts";
import { paths } from "./paths.ts";
import { plan, type Plan } from "./plan.ts";
import { program } from "./program.ts";
import { perform, type Say, type Step } from "./steps.ts";
import { find, stop, until } from "./processes.ts";
import { selectStack, stackExists, update } from "./stack.ts";

const usage = `npm run down [-- --all]

Destroys the dev stack.

  --all   also ends and removes everything that \`npm run up\` started here; what was built stays cached`;

async function down(all: boolean): Promise<void> {
  const found = await look();
  const decided = plan(found);
  if (decided.cluster === "kind" && found.docker === undefined) {
    throw new Failure("the stack runs in a kind cluster, and Docker's engine does not answer", { todo: "Start it." });
  }
  if (decided.cluster === "context" && !found.ownContext) {
    throw new Failure(`the stack runs in the context ${found.context}, which your kubeconfig does not have any more`, {
      todo: "Give it back, or set KUBECONFIG.",
    });
  }
  const exists = !usesOwnBackend() || stackExists();
  // A cluster of ours that goes takes the stack with it, and the folder with the stack's state goes too.
  const goesWithCluster = all && decided.cluster !== "context" && usesOwnBackend();
  if (exists && !goesWithCluster && decided.cluster === "node" && !found.node) {
    throw new Failure("the local cluster is not running", { todo: "Start it with `npm run up`, or remove all with `npm run down -- --all`." });
  }
  const steps: Step[] = [];
  if (exists && !goesWithCluster) steps.push({ title: "Stack", run: (say) => destroy(decided, say) });
  if (all) steps.push({ title: "All that was started", run: () => stopAll(found.node ? "node" : found.chosen) });
  if (steps.length === 0) console.log("There is no dev stack.");
  await perform(steps);
}

async function destroy(decided: Plan, say: Say): Promise<string> {
  const env = environment(decided);
  await selectStack(env);
  return update("destroy", env, say);
}

/** Ends every process of `local/` and removes what it kept; the node's mounts, interfaces and rules end with it. */
export async function stopAll(cluster: Cluster | undefined): Promise<string> {
  if (cluster === "kind") await deleteKindCluster();
  await stop();
  if (cluster === "node") {
    // the link and the control group are the machine's: without a node of ours, somebody else's
    await removeCgroup();
    if (!(await until(() => leftOver().length === 0, 10_000))) throw new Failure(`this is left over: ${leftOver().join(", ")}`);
  }
  rmSync(paths.state, { recursive: true, force: true });
  return `ended and removed; what was built stays in ${paths.cache}`;
}

/** What should have gone with the processes. */
function leftOver(): string[] {
  const mounts = readFileSync("/proc/mounts", "utf8")
    .split("\n")
    .filter((line) => line.includes(paths.state));
  const link = `/sys/class/net/${addresses.link}`;
  return [...find().map((pid) => `process ${pid}`), ...mounts.map((line) => `mount ${line.split(" ")[1]}`), ...(existsSync(link) ? [link] : [])];
}

if (import.meta.main) await program(usage, ["all"], ({ all }) => locked(() => down(all)));
