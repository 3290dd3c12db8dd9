import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** What the broker's Deployment allows it (the seed's limits). */
export const podLimits = { cpuMillis: 500, memoryMiB: 512 } as const;

const mount = "/sys/fs/cgroup";
const periodMicros = 100_000;

/** A control group with the limits of the broker's pod; needs root. */
export interface Pod {
  /** Puts the command that follows it into the group. */
  readonly command: readonly [string, ...string[]];
  /** The most memory that it has had, the kernel's for its sockets and files included. */
  mostBytes(): number;
  /** Call it when its processes have ended. */
  remove(): void;
}

/** @throws Error in words where no control group can be made. */
export function createPod(): Pod {
  const unified = existsSync(join(mount, "cgroup.controllers"));
  const name = `zeromq-stack-bench-${process.pid}`;
  const folders = unified ? [join(mount, name)] : ["cpu", "memory"].map((controller) => join(mount, controller, name));
  const quota = String((podLimits.cpuMillis * periodMicros) / 1000);
  const bytes = String(podLimits.memoryMiB * 2 ** 20);
  try {
    for (const folder of folders) mkdirSync(folder, { recursive: true });
    const [cpu, memory] = unified ? [folders[0]!, folders[0]!] : [folders[0]!, folders[1]!];
    if (unified) {
      writeFileSync(join(cpu, "cpu.max"), `${quota} ${periodMicros}`);
      writeFileSync(join(memory, "memory.max"), bytes);
    } else {
      writeFileSync(join(cpu, "cpu.cfs_period_us"), String(periodMicros));
      writeFileSync(join(cpu, "cpu.cfs_quota_us"), quota);
      writeFileSync(join(memory, "memory.limit_in_bytes"), bytes);
    }
    const peak = join(memory, unified ? "memory.peak" : "memory.max_usage_in_bytes");
    return {
      command: ["/bin/sh", "-c", `${folders.map((folder) => `echo $$ > ${join(folder, "cgroup.procs")}`).join(" && ")} && exec "$@"`, "sh"],
      mostBytes: () => Number(readFileSync(peak, "utf8")),
      remove() {
        for (const folder of folders) rmdirSync(folder);
      },
    };
  } catch (error) {
    throw new Error(`no control group with the pod's limits can be made here (are you root?): ${(error as Error).message}`, { cause: error });
  }
}
