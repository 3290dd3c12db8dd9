import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { paths } from "../../local/paths.ts";

/** Majordomo peers that we did not write (majortomo: MDP/0.2 in Python), on libzmq's Python binding. */
const packages = ["majortomo==0.2.0", "pyzmq==27.3.0", "figcan==0.0.4", "six==1.17.0", "pyyaml==6.0.3"];
const place = join(paths.cache, `python-peers-${packages.map((name) => name.split("==")[1]).join("-")}`);

/** The interpreter of an environment with these packages; made once, kept beside the other things that tests need. */
export function python(): string {
  const interpreter = join(place, "bin/python");
  if (existsSync(interpreter)) return interpreter;
  mkdirSync(paths.cache, { recursive: true });
  const run = (command: string, ...args: string[]): void => void execFileSync(command, args, { stdio: ["ignore", "ignore", "pipe"] });
  const making = `${place}.${process.pid}`;
  try {
    run("python3", "-m", "venv", making);
  } catch (error) {
    if (process.getuid?.() !== 0) throw new Error("python3 and python3-venv are needed (apt-get install python3-venv)", { cause: error });
    run("apt-get", "update", "-q");
    run("apt-get", "install", "-y", "-q", "python3-venv");
    rmSync(making, { recursive: true, force: true });
    run("python3", "-m", "venv", making);
  }
  run(join(making, "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...packages);
  if (existsSync(place)) rmSync(making, { recursive: true });
  else renameSync(making, place);
  return interpreter;
}
