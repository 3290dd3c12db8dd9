import { join } from "node:path";
import { mkdirSync, writeFileSync } from "node:fs";
import { addresses } from "../cluster/addresses.ts";
import { ensureKindRegistry } from "../cluster/kind.ts";
import { Failure } from "../failure.ts";
import { paths } from "../paths.ts";
import { ensure, find, type Service } from "../processes.ts";
import { output } from "../run.ts";

/** The registry on this machine's loopback. 5001, as in kind's own recipe: macOS holds 5000. */
export const localRegistry = `localhost:${addresses.registryPort}`;

/** Where it keeps what was pushed. */
export const registryStorage = join(paths.state, "registry");

/** A Docker registry on loopback; `wrap` puts it elsewhere than on this machine itself. */
export function registryService(name: string, wrap: (command: string[]) => string[] = (command) => command): Service {
  const config = join(paths.state, "registry.json");
  mkdirSync(paths.state, { recursive: true });
  writeFileSync(
    config,
    JSON.stringify({
      version: "0.1",
      storage: { filesystem: { rootdirectory: registryStorage }, delete: { enabled: true } },
      http: { addr: `127.0.0.1:${addresses.registryPort}` },
    }),
  );
  return {
    name,
    command: wrap(["docker-registry", "serve", config]),
    ready: async () => (await output(wrap(["bash", "-c", `exec 3<>/dev/tcp/127.0.0.1/${addresses.registryPort}`]))) !== undefined,
  };
}

/** A registry on loopback: ours, or with kind the container of kind's own recipe. */
export async function ensureRegistry(kind: boolean): Promise<string> {
  if (kind) return ensureKindRegistry();
  const service = registryService("registry");
  if (find(service.name).length === 0 && (await service.ready())) {
    throw new Failure(`port ${addresses.registryPort} on loopback is in use by another program`, {
      todo: `\`ss -ltnp sport = :${addresses.registryPort}\` shows which; the local registry needs that port.`,
    });
  }
  return ensure(service);
}

export async function registryAnswers(): Promise<boolean> {
  return fetch(`http://127.0.0.1:${addresses.registryPort}/v2/`).then(
    ({ ok }) => ok,
    () => false,
  );
}

/** Whether the registry on loopback has an image. */
export async function hasImage(reference: string): Promise<boolean> {
  const [, name, tag] = /^(.+):([^:/]+)$/.exec(reference) ?? [];
  const answer = await fetch(`http://127.0.0.1:${addresses.registryPort}/v2/${name}/tags/list`).catch(() => undefined);
  if (!answer?.ok) return false;
  const { tags } = (await answer.json()) as { tags: string[] | null };
  return tags?.includes(tag!) === true;
}
