import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import { execa } from "execa";
import { parse, stringify } from "yaml";
import { contentOf } from "./content.ts";
import { previewOf } from "./events.ts";
import type { Preview } from "./previews.ts";
import { withoutSecrets } from "./settings.ts";

/**
 * Previews a stack of a checkout from nothing: with a state of its own that nobody keeps, so that it needs neither a cluster nor a
 * login nor a secret of the stack. Throws only where Pulumi cannot be run at all.
 */
export async function preview(checkout: string, stack: string): Promise<Preview> {
  const directory = mkdtempSync(join(tmpdir(), "zeromq-stack-preview-"));
  try {
    const settings = await makeStack(checkout, stack, directory);
    const log = join(directory, "events");
    const pack = join(checkout, "infra/policy");
    const { exitCode, stderr, stdout } = await pulumi(checkout, directory, [
      "preview",
      "--stack",
      stack,
      "--config-file",
      settings,
      "--event-log",
      log,
      "--non-interactive",
      ...(existsSync(pack) ? ["--policy-pack", pack] : []),
    ]);
    const lines = existsSync(log)
      ? readFileSync(log, "utf8")
          .split("\n")
          .filter((line) => line !== "")
      : [];
    const fault = exitCode === 0 ? undefined : stderr.trim() || stdout.trim() || `pulumi preview ended with ${exitCode}`;
    return previewOf(
      stack,
      lines.map((line) => JSON.parse(line) as EngineEvent),
      `built from services ${contentOf(checkout)}`,
      fault,
    );
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The stack in a state of its own, and its settings in a file: `pulumi stack init` writes beside the project that it is told of, so that is another one. */
async function makeStack(checkout: string, stack: string, directory: string): Promise<string> {
  const project = join(directory, "project");
  mkdirSync(join(directory, "state"));
  mkdirSync(project);
  const { name } = parse(readFileSync(join(checkout, "Pulumi.yaml"), "utf8")) as { name: string };
  writeFileSync(join(project, "Pulumi.yaml"), stringify({ name, runtime: "nodejs" }));
  const made = await pulumi(project, directory, ["stack", "init", stack, "--non-interactive"]);
  if (made.exitCode !== 0) throw new Error(`pulumi stack init failed: ${made.stderr.trim() || made.stdout.trim()}`);
  const file = join(project, `Pulumi.${stack}.yaml`);
  const { encryptionsalt } = (existsSync(file) ? parse(readFileSync(file, "utf8")) : {}) as { encryptionsalt?: string };
  const settings = join(directory, `Pulumi.${stack}.yaml`);
  writeFileSync(settings, stringify({ config: withoutSecrets(checkout, stack), ...(encryptionsalt !== undefined && { encryptionsalt }) }));
  return settings;
}

async function pulumi(cwd: string, directory: string, args: readonly string[]) {
  const result = await execa("pulumi", args, {
    cwd,
    reject: false,
    stdin: "ignore",
    env: {
      PULUMI_BACKEND_URL: `file://${join(directory, "state")}`,
      PULUMI_CONFIG_PASSPHRASE: "of a state that nobody keeps",
      PULUMI_SKIP_UPDATE_CHECK: "true",
      // Else it knows no --event-log; Pulumi's Automation API does the same.
      PULUMI_DEBUG_COMMANDS: "true",
      // Whatever cluster this machine knows: a preview asks none.
      KUBECONFIG: join(directory, "none"),
    },
  });
  if (result.code === "ENOENT") throw new Error('pulumi is not on PATH: npm run tools, and then eval "$(npm run --silent env)"');
  return result;
}
