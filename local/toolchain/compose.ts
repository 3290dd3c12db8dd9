import { join } from "node:path";
import { output } from "../run.ts";
import { versions } from "../versions.ts";
import { binaries, composeBuild } from "./build.ts";
import { atLeast } from "./go.ts";

/** Whether this machine has a Compose of its own that reads our file. */
export async function hasCompose(): Promise<boolean> {
  const version = await output(["docker", "compose", "version", "--short"]);
  return version !== undefined && atLeast(version, versions.composeAtLeast);
}

/** The command that runs Compose: the machine's own, else the one that `npm test` compiles. */
export async function composeCommand(): Promise<readonly [string, ...string[]]> {
  return (await hasCompose()) ? ["docker", "compose"] : [join(binaries(composeBuild), "docker-compose")];
}
