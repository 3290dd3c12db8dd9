import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { paths } from "../paths.ts";

/** The cluster of a context in the reader's kubeconfig, a kind cluster of ours, or the local node. */
export type Cluster = "context" | "kind" | "node";

/** What was decided once stays, until `down --all`: an engine that is down for a moment must not turn one into another. */
const file = join(paths.state, "cluster.json");

export function chosenCluster(context: string): Cluster | undefined {
  if (!existsSync(file)) return undefined;
  const choice = JSON.parse(readFileSync(file, "utf8")) as { context: string; cluster: Cluster };
  return choice.context === context ? choice.cluster : undefined;
}

export function choose(context: string, cluster: Cluster): void {
  mkdirSync(paths.state, { recursive: true });
  writeFileSync(file, JSON.stringify({ context, cluster }));
}
