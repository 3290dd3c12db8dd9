import { execa } from "execa";
import { checkout } from "../../local/paths.ts";
import { composeCommand } from "../../local/toolchain/compose.ts";

/** Runs Compose in the checkout; of this machine's environment and `.env` it gets what it needs to run, and no settings. */
export async function compose(args: readonly string[], env: Readonly<Record<string, string>>): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  const [program, ...first] = await composeCommand();
  const inherited = Object.entries(process.env).filter(([name]) => ["PATH", "HOME", "DOCKER_HOST", "DOCKER_CONFIG"].includes(name));
  const { exitCode, stdout, stderr } = await execa(program, [...first, "--env-file", "/dev/null", ...args], {
    cwd: checkout,
    reject: false,
    stdin: "ignore",
    extendEnv: false,
    env: { ...Object.fromEntries(inherited), ...env },
  });
  if (exitCode === undefined) throw new Error("Compose is not there yet: `npm test` compiles it");
  return { exitCode, stdout, stderr };
}
