import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { vi } from "vitest";
import { freePort } from "../../ports.ts";
import { inNode, nodePid } from "../../../local/cluster/node.ts";
import { registryStorage } from "../../../local/images/registry.ts";

/** Of a registry that exists as long as its test; it keeps the password as bcrypt made it. */
const login = { username: "team", password: "a team's own login", entry: "team:$2b$04$6g2PihX0sDw7/cMQzIgweetlttyzf2mN2t.0Hd3vkVl39/oEp5ZXS" } as const;

export interface Registry {
  readonly server: string;
  readonly username: string;
  readonly password: string;
  close(): void;
}

/**
 * The local registry's images behind another door, one that asks for a login: on the loopback of this machine, for who pushes, and on
 * that of the local node, for its kubelet. Another cluster cannot reach it, so there is none.
 */
export async function registryWithLogin(): Promise<Registry | undefined> {
  if (nodePid() === undefined) return undefined;
  const port = await freePort();
  const directory = mkdtempSync(join(tmpdir(), "zeromq-stack-registry-"));
  const [logins, configuration] = [join(directory, "htpasswd"), join(directory, "config.json")];
  writeFileSync(logins, `${login.entry}\n`);
  writeFileSync(
    configuration,
    JSON.stringify({
      version: "0.1",
      storage: { filesystem: { rootdirectory: registryStorage } },
      http: { addr: `127.0.0.1:${port}` },
      auth: { htpasswd: { realm: "registry", path: logins } },
    }),
  );
  // They end when nobody holds their standard input any more, that is with this process at the latest.
  const command = ["sh", "-c", 'docker-registry serve "$0" & cat > /dev/null; kill $!', configuration];
  const doors = [command, inNode(...command)].map(([program, ...args]) =>
    execa(program!, args, { stdin: "pipe", stdout: "ignore", stderr: "ignore", reject: false }),
  );
  const asks = ["bash", "-c", `exec 3<>/dev/tcp/127.0.0.1/${port}`];
  for (const [program, ...args] of [asks, inNode(...asks)]) {
    await vi.waitFor(() => execa(program!, args), { timeout: 60_000, interval: 200 });
  }
  return {
    server: `localhost:${port}`,
    ...login,
    close() {
      for (const door of doors) door.stdin.end();
      rmSync(directory, { recursive: true });
    },
  };
}
