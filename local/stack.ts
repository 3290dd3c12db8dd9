import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { parseSettings, type Settings, SettingsError } from "../infra/settings.ts";
import { Failure } from "./failure.ts";
import { checkout, paths } from "./paths.ts";
import { run } from "./run.ts";

type Environment = Readonly<Record<string, string>>;

export const devStack = "dev";

/** The outputs of the dev stack, as `infra/index.ts` exports them. */
export interface Outputs {
  readonly namespace: string;
  readonly kubeContext: string;
  readonly activeColor: string;
  readonly endpoints: Readonly<Record<string, string>>;
  readonly images: Readonly<Record<string, string>>;
}

/** Selects the dev stack, which is made on the first call; a lock that a killed update left is removed. */
export async function selectStack(env: Environment): Promise<void> {
  mkdirSync(paths.pulumiBackend, { recursive: true });
  removeDeadLocks();
  await run(["pulumi", "stack", "select", devStack, "--create"], { log: "stack", cwd: checkout, env });
}

/** The dev stack's settings, as the program reads them. */
export async function settingsOf(env: Environment): Promise<Settings> {
  const { stdout } = await execa("pulumi", ["config", "--json", "--show-secrets", "--stack", devStack], { cwd: checkout, env });
  const config = Object.entries(JSON.parse(stdout) as Record<string, { value: string }>).map(([key, { value }]) => [key, value]);
  try {
    return parseSettings(Object.fromEntries(config), devStack);
  } catch (error) {
    throw error instanceof SettingsError ? new Failure(error.message) : error;
  }
}

/** Options of an update that leaves alone what looks at the stack: nothing else runs third-party images, and no request needs it. */
export const withoutMonitoring = ["--exclude", "**zeromq-stack:infra:Monitoring**"];

/** `pulumi up` or `pulumi destroy` of the dev stack. */
export async function update(command: "up" | "destroy", env: Environment, onLine: (line: string) => void, options: readonly string[] = []): Promise<string> {
  let changes = "";
  const skip = command === "up" ? ["--skip-preview", ...options] : options;
  await run(["pulumi", command, "--yes", "--stack", devStack, "--non-interactive", "--color", "never", ...skip], {
    log: `pulumi-${command}`,
    cwd: checkout,
    env,
    todo: `To see it all: eval "$(npm run --silent env)" && pulumi ${command} --stack ${devStack}`,
    reason: diagnostics,
    onLine: (line) => {
      const text = line.trim();
      if (/^[+~-]+ \d+ |^\d+ unchanged/.test(text)) changes += `${changes === "" ? "" : ", "}${text.replace(/^[+~-]+ /, "")}`;
      if (text !== "") onLine(text);
    },
  });
  return changes === "" ? "done" : changes;
}

/** A number is given out again in time, and only Linux tells here whose it is. */
function isPulumi(pid: string): boolean {
  if (process.platform !== "linux") return true;
  const file = `/proc/${pid}/comm`;
  return existsSync(file) && readFileSync(file, "utf8").startsWith("pulumi");
}

/** The errors of an update, without the warnings around them. */
export function diagnostics(log: string): string {
  const section = /^Diagnostics:\n([^]*?)^(?:Outputs|Resources):/m.exec(log)?.[1] ?? log.split("\n").slice(-12).join("\n");
  return section
    .split("\n")
    .filter((line) => !/^\s*(warning: using pulumi-.*|)$/.test(line))
    .join("\n");
}

export async function outputs(env: Environment): Promise<Outputs> {
  const { stdout } = await execa("pulumi", ["stack", "output", "--json", "--stack", devStack], { cwd: checkout, env });
  return JSON.parse(stdout) as Outputs;
}

export function stackExists(): boolean {
  return existsSync(join(paths.pulumiBackend, ".pulumi/stacks/zeromq-stack", `${devStack}.json`));
}

/** The file backend writes its locks as files that name the process; one whose process has ended binds nobody. */
function removeDeadLocks(): void {
  const locks = join(paths.pulumiBackend, ".pulumi/locks/organization/zeromq-stack", devStack);
  if (!existsSync(locks)) return;
  for (const name of readdirSync(locks)) {
    const file = join(locks, name);
    const pid = /"pid":\s*(\d+)/.exec(readFileSync(file, "utf8"))?.[1];
    if (pid !== undefined && isPulumi(pid)) throw new Failure(`an update of the stack is at work (process ${pid})`, { todo: "Wait for it, or end it." });
    rmSync(file);
  }
}
