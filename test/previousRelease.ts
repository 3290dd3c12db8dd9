import { mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { checkout } from "../local/paths.ts";

/** The release that users upgrade from: its tag, or a commit where it has none. Whoever releases writes the new one here. */
export const previousRelease = "b24776de2fb6060b90ea2f8231088a8155860eca";

const git = (...args: string[]) => execa("git", args, { cwd: checkout, reject: false, stdin: "ignore" });

/**
 * Why the release cannot be had in this checkout, for tests to skip themselves: its history does not go back so far.
 * @throws where the history is whole, and the release is not in it
 */
export async function whyMissing(): Promise<string | undefined> {
  if ((await git("cat-file", "-e", `${previousRelease}^{commit}`)).exitCode === 0) return undefined;
  const { stdout, exitCode } = await git("rev-parse", "--is-shallow-repository");
  if (exitCode === 0 && stdout === "false")
    throw new Error(`${previousRelease}, the previous release as test/previousRelease.ts names it, is not in this repository`);
  const reason = `UPGRADES ARE NOT TESTED: the previous release ${previousRelease} is not in this checkout's history, which is cut off. Mend it: git fetch --unshallow`;
  console.warn(reason);
  return reason;
}

/** The release as it was, in a folder of its own, or only some of its folders. Its packages are not installed. */
export async function checkOutPreviousRelease(...folders: string[]): Promise<{ directory: string; remove(): void }> {
  const directory = mkdtempSync(join(tmpdir(), "zeromq-stack-previous-"));
  const archive = join(directory, "release.tar");
  await execa("git", ["archive", "--output", archive, previousRelease, ...folders], { cwd: checkout });
  await execa("tar", ["--extract", "--file", archive, "--directory", directory]);
  rmSync(archive);
  return { directory, remove: () => rmSync(directory, { recursive: true, force: true }) };
}

/** Gives a package of the release what its lockfile names: this checkout's, where both name the same. */
export async function installPackages(directory: string, folder: string): Promise<void> {
  const lockfile = (root: string): string => readFileSync(join(root, folder, "package-lock.json"), "utf8");
  if (lockfile(directory) === lockfile(checkout)) symlinkSync(join(checkout, folder, "node_modules"), join(directory, folder, "node_modules"));
  else await execa("npm", ["ci", "--prefix", join(directory, folder), "--omit=dev", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"]);
}
