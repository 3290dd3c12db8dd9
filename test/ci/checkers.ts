import { existsSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { binaries, checkersBuild } from "../../local/toolchain/build.ts";
import { checkout } from "../../local/paths.ts";

/** Runs one of the checkers that `npm test` compiles. */
export async function checker(
  program: "actionlint" | "kube-score" | "kubeconform",
  args: readonly string[],
  input = "",
): Promise<{ exitCode: number | undefined; text: string; stdout: string }> {
  const file = join(binaries(checkersBuild), program);
  if (!existsSync(file)) throw new Error(`${program} is not there yet: \`npm test\` compiles it`);
  const { exitCode, stdout, stderr } = await execa(file, args, { cwd: checkout, reject: false, input });
  return { exitCode, stdout, text: `${stdout}\n${stderr}`.trim() };
}
