import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { find, ensure, stop, type Service } from "../processes.ts";
import { output, run } from "../run.ts";
import { paths } from "../paths.ts";
import { addresses, nodeName } from "./addresses.ts";
import { removeCgroup } from "./cgroups.ts";

/**
 * The local cluster's node is a set of Linux namespaces, as kind's is a container: its interfaces, mounts, iptables
 * rules and processes are its own, and all of them vanish with its first process.
 */
const node: Service = {
  name: "node",
  command: [
    ...["unshare", "--net", "--mount", "--pid", "--uts", "--ipc", "--fork", "--kill-child=SIGKILL"],
    ...["--propagation", "private", "--mount-proc", "tini", "-s", "--", "sleep", "infinity"],
  ],
  ready: async () => nodePid() !== undefined,
};

/** The node's first process, as this machine numbers it. */
export function nodePid(): number | undefined {
  return find(node.name).find((pid) => {
    try {
      return readFileSync(`/proc/${pid}/comm`, "utf8").trim() === "tini";
    } catch {
      return false; // it ended while we looked
    }
  });
}

/** A command that runs inside the node. */
export function inNode(...command: string[]): string[] {
  const pid = nodePid();
  if (pid === undefined) throw new Error("the node is not running");
  return ["nsenter", "--target", String(pid), "--net", "--mount", "--pid", "--uts", "--ipc", ...command];
}

/** The condition that a program inside the node listens on a port of its loopback. */
export function listensInNode(port: number): () => Promise<boolean> {
  return async () => (await output(inNode("bash", "-c", `exec 3<>/dev/tcp/127.0.0.1/${port}`))) !== undefined;
}

export async function ensureNode(): Promise<void> {
  if (nodePid() !== undefined && (await output(inNode("test", "-e", "/run/node-is-set-up"))) !== undefined) return;
  await stop(node.name); // half set up by a run that was killed
  await removeCgroup("kubepods"); // the kubelet waits three seconds for each container that a crash left
  await ensure(node);
  const files = join(paths.state, "node");
  mkdirSync(files, { recursive: true });
  const { link, host, node: address, prefixLength } = addresses;
  await run(["sh", "-euc", hostScript], {
    log: "node-link",
    env: { link, host: `${host}/${prefixLength}`, pid: String(nodePid()) },
  });
  await run(inNode("sh", "-euc", nodeScript), {
    log: "node-setup",
    env: { files, address: `${address}/${prefixLength}`, host, name: nodeName },
  });
}

const hostScript = `
ip link delete "$link" 2>/dev/null || true
ip link add "$link" type veth peer name eth0 netns "$pid"
ip address add "$host" dev "$link"
ip link set "$link" up
`;

/**
 * What the node's programs write at fixed places (/run, /var/lib, /var/log) lands in the state folder or in memory.
 * Bridged pods would need br_netfilter; ours are routed (CNI ptp), so forwarding is all.
 */
const nodeScript = `
hostname "$name"
mkdir -p "$files/lib" "$files/log"
mount --bind "$files/lib" /var/lib
mount --bind "$files/log" /var/log
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/netns /run/lock
ip link set lo up
ip address add "$address" dev eth0
ip link set eth0 up
ip route add default via "$host"
echo 1 > /proc/sys/net/ipv4/ip_forward
touch /run/node-is-set-up
`;
