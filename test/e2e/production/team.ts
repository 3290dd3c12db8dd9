import { randomUUID } from "node:crypto";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadYaml } from "@kubernetes/client-node";
import { execa } from "execa";
import { ownCheckout } from "../stack.ts";

const guide = readFileSync(join(ownCheckout, "docs/writing-a-worker.md"), "utf8");

/** The guide's examples in one language, in their order. */
function examples(language: string): string[] {
  return [...guide.matchAll(/^```(\w+)\n([^]*?)^```$/gm)].flatMap(([, name, code]) => (name === language ? [code!] : []));
}

function found<Value>(value: Value | undefined | null, what: string): NonNullable<Value> {
  if (value === undefined || value === null) throw new Error(`docs/writing-a-worker.md has no ${what} any more`);
  return value;
}

/** What the guide writes into the stack's settings for a worker of one's own: `workers`, with one entry. */
export function workerOfTheGuide(): Record<string, any> {
  const text = found(
    examples("yaml").find((one) => one.includes("image:")),
    "worker with an image of its own",
  );
  return found(loadYaml<Record<string, any[]>>(text)["zeromq-stack:workers"]?.[0], "worker with an image of its own");
}

/**
 * A team's own repository, as the guide says: its handler, its Dockerfile, and a handler of ours beside it. Built from the stack's
 * image, pushed, and new each time: no node has it.
 * @returns the image by its digest
 */
export async function teamImage(
  base: string,
  { server, username, password }: { server: string; username: string; password: string },
  env: Record<string, string>,
): Promise<string> {
  const repository = mkdtempSync(join(tmpdir(), "zeromq-stack-team-"));
  const config = mkdtempSync(join(tmpdir(), "zeromq-stack-docker-"));
  try {
    const inImage = found(/from "(\/app\/[^"]+)"/.exec(guide)?.[1], "import for a repository of one's own");
    writeFileSync(join(repository, "sum.ts"), `${found(examples("ts")[0], "handler").replace("../handler.ts", inImage)}\n// ${randomUUID()}\n`);
    cpSync(join(import.meta.dirname, "orders.ts"), join(repository, "orders.ts"));
    writeFileSync(
      join(repository, "Dockerfile"),
      `${found(examples("dockerfile")[0], "Dockerfile").replace(/^FROM .*$/m, `FROM ${base}`)}COPY orders.ts /app/orders.ts\n`,
    );
    writeFileSync(join(config, "config.json"), JSON.stringify({ auths: { [server]: { auth: Buffer.from(`${username}:${password}`).toString("base64") } } }));
    const image = `${server}/a-team/sum:1.2.0`;
    const options = { env: { ...env, DOCKER_BUILDKIT: "0", DOCKER_CONFIG: config }, stdin: "ignore" } as const;
    await execa("docker", ["build", "--tag", image, repository], options);
    const { stdout } = await execa("docker", ["push", image], options);
    await execa("docker", ["image", "rm", image], options);
    return `${image}@${found(/digest: (sha256:[0-9a-f]{64})/.exec(stdout)?.[1], "digest")}`;
  } finally {
    for (const directory of [repository, config]) rmSync(directory, { recursive: true });
  }
}
