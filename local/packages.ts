import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline/promises";
import { Failure } from "./failure.ts";
import { output, run } from "./run.ts";

const policy = "/usr/sbin/policy-rc.d";
const noServices = "#!/bin/sh\n# Written by zeromq-stack for the time of an installation.\nexit 101\n";

/** Installs Debian packages without starting the services they bring: `local/` starts what it needs, as its own. */
export async function installPackages(names: readonly string[], say: (line: string) => void): Promise<string> {
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  const todo = "See the log; `apt-get update` and `dpkg --configure -a` mend most of it.";
  const options = { log: "packages", env, todo, onLine: say };
  const ours = !existsSync(policy) || readFileSync(policy, "utf8") === noServices; // a killed run may have left it
  const wait = ["-o", "DPkg::Lock::Timeout=600"];
  if (ours) writeFileSync(policy, noServices, { mode: 0o755 });
  try {
    if ((await output(["dpkg", "--audit"])) !== "") await run(["dpkg", "--configure", "-a"], options); // interrupted earlier
    await run(["apt-get", ...wait, "update"], options);
    await run(["apt-get", ...wait, "install", "--yes", "--no-install-recommends", ...names], options);
    // Nor at the machine's next start.
    const services = ["containerd", "docker.service", "docker.socket", "docker-registry", "etcd", "prometheus", "prometheus-alertmanager"];
    if (existsSync("/run/systemd/system")) await output(["systemctl", "disable", ...services]);
  } finally {
    if (ours) rmSync(policy, { force: true });
  }
  return `installed ${names.join(" ")}`;
}

/** Asks before anything is installed on the machine, where somebody is there to answer. */
export async function agree(names: readonly string[]): Promise<void> {
  if (names.length === 0 || !process.stdin.isTTY) return;
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question(`Install these Debian packages: ${names.join(" ")}? [Y/n] `).catch(() => "n"); // Ctrl-C
  terminal.close();
  if (/^\s*n/i.test(answer)) throw new Failure("nothing was installed and nothing started");
}
