import { join } from "node:path";
import { cgroup } from "../cluster/cgroups.ts";
import { paths } from "../paths.ts";
import type { Service } from "../processes.ts";
import { output } from "../run.ts";

/** The address of a Docker engine that answers, the user's own before ours. */
export async function dockerHost(): Promise<string | undefined> {
  if ((await output(["docker", "version", "--format", "{{.Server.Version}}"])) !== undefined) {
    return process.env["DOCKER_HOST"] ?? (await output(["docker", "context", "inspect", "--format", "{{.Endpoints.docker.Host}}"]));
  }
  return (await answers(ownDockerHost)) ? ownDockerHost : undefined;
}

export const ownDockerHost = `unix://${paths.dockerSocket}`;

const executionRoot = join(paths.state, "docker-run");
const pidFile = join(paths.state, "docker.pid");
const containerdPidFile = join(executionRoot, "containerd/containerd.pid");

async function answers(host: string): Promise<boolean> {
  return (await output(["docker", "version", "--format", "{{.Server.Version}}"], { DOCKER_HOST: host })) !== undefined;
}

/**
 * A Docker engine that builds, pushes, and runs the Compose file. It has no bridge of its own and writes no iptables rule on
 * the machine: builds use the machine's network, containers one that Compose makes, which leads nowhere else. Its mounts
 * live in a namespace of their own, so that nothing of it outlives its process.
 */
export const dockerEngine: Service = {
  name: "docker",
  command: [
    ...["unshare", "--mount", "--pid", "--fork", "--kill-child=SIGKILL", "--propagation", "private", "--mount-proc"],
    // A pid file that a crash left names a process of the namespace before, and one of this one, too.
    ...[
      "tini",
      "-s",
      "--",
      "sh",
      "-c",
      'rm -f "$0" "$1"; shift; exec "$@"',
      pidFile,
      containerdPidFile,
      "dockerd",
      "--bridge=none",
      "--iptables=false",
      "--ip6tables=false",
    ],
    ...["--host", ownDockerHost, "--data-root", join(paths.state, "docker"), "--exec-root", executionRoot],
    ...["--pidfile", pidFile, "--cgroup-parent", `/${cgroup}/docker`],
  ],
  ready: () => answers(ownDockerHost),
};
