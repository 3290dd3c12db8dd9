import { existsSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { paths } from "../paths.ts";
import { versions } from "../versions.ts";
import { binaries, pulumiBuild } from "./build.ts";

const genuine = join(paths.cache, `pulumi-genuine-${versions.pulumi}`);

/** Where our Pulumi CLI is: the released one, which brings the language host with it, or else the compiled one. */
export function pulumiFolder(): string {
  return existsSync(genuine) ? join(genuine, "bin") : binaries(pulumiBuild);
}

export function hasLanguageHost(): boolean {
  return existsSync(join(genuine, "bin/pulumi-language-nodejs"));
}

/** Installs the released CLI, of the version of `@pulumi/pulumi`, as its own installer does; false where that can't be had. */
export async function installPulumi(): Promise<boolean> {
  const partial = `${genuine}.part`;
  rmSync(partial, { recursive: true, force: true });
  try {
    const { PulumiCommand } = await import("@pulumi/pulumi/automation/index.js");
    await PulumiCommand.install({ root: partial });
    renameSync(partial, genuine);
    return true;
  } catch {
    rmSync(partial, { recursive: true, force: true });
    return false;
  }
}
