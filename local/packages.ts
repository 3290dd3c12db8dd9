import { existsSync, rmSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline/promises";
import { Failure } from "./failure.ts";
import { run } from "./run.ts";

const policy = "/usr/sbin/policy-rc.d";

/** Installs Debian packages without starting the services they bring: `local/` starts what it needs, as its own. */
export async function installPackages(names: readonly string[], say: (line: string) => void): Promise<string> {
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  const todo = "See the log; `apt-get update` and `dpkg --configure -a` mend most of it.";
  const options = { log: "packages", env, todo, onLine: say };
  const ours = !existsSync(policy);
  if (ours) writeFileSync(policy, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  try {
    await run(["dpkg", "--configure", "-a"], options); // an earlier run may have been interrupted here
    await run(["apt-get", "update"], options);
    await run(["apt-get", "install", "--yes", "--no-install-recommends", ...names], options);
  } finally {
    if (ours) rmSync(policy, { force: true });
  }
  return `installed ${names.join(" ")}`;
}

/** Asks before anything is installed on the machine, where somebody is there to answer. */
export async function agree(names: readonly string[]): Promise<void> {
  if (names.length === 0 || !process.stdin.isTTY) return;
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question(`Install these Debian packages: ${names.join(" ")}? [Y/n] `);
  terminal.close();
  if (/^\s*n/i.test(answer)) throw new Failure("nothing was installed and nothing started");
}
