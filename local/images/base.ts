import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { goOn } from "../interruption.ts";
import { paths } from "../paths.ts";
import { output, run } from "../run.ts";
import { versions } from "../versions.ts";
import { authorities } from "./authorities.ts";
import { hasImage, localRegistry } from "./registry.ts";

/** Puts the image that `services/Dockerfile` starts from into the registry on loopback: pulled where that is possible, else made. */
export async function ensureBaseImage(host: string, onLine: (line: string) => void): Promise<string> {
  if (await hasImage(versions.baseImage)) return "present";
  const env = { DOCKER_HOST: host };
  const target = `${localRegistry}/${versions.baseImage}`;
  const source = `docker.io/${versions.baseImage}`;
  const pulled = (await output(["docker", "pull", "--quiet", source], env, 600_000)) !== undefined;
  goOn();
  if (pulled) {
    await run(["docker", "tag", source, target], { log: "base-image", env });
  } else {
    await run(["docker", "import", await baseTar(onLine), target], { log: "base-image", env });
  }
  await run(["docker", "push", target], { log: "base-image", env, onLine });
  return pulled ? "pulled" : "made from Debian packages and npm's Node";
}

/** What the Dockerfile needs of the genuine image: Debian, Node and npm at the same places, and this machine's certificate authorities. */
async function baseTar(onLine: (line: string) => void): Promise<string> {
  const trust = authorities();
  const trusted = createHash("sha256")
    .update(trust === undefined ? "" : readFileSync(trust))
    .digest("hex")
    .slice(0, 8);
  const tar = join(paths.cache, `base-image-${versions.debianSuite}-node-${versions.node}-npm-${versions.npm}-${trusted}.tar`);
  if (existsSync(tar)) return tar;
  const root = join(paths.state, "base-image");
  rmSync(root, { recursive: true, force: true });
  mkdirSync(root, { recursive: true });
  const packages = join(paths.cache, "debootstrap");
  mkdirSync(packages, { recursive: true });
  const mirror = await output([
    "sh",
    "-c",
    `apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Codename: ${versions.debianSuite}' | head -n 1`,
  ]);
  // In a mount namespace of its own: debootstrap mounts, and an interruption would leave that mounted.
  await run(
    [
      "unshare",
      "--mount",
      "--propagation",
      "private",
      "debootstrap",
      "--variant=minbase",
      `--cache-dir=${packages}`,
      "--include=ca-certificates,libstdc++6",
      versions.debianSuite,
      root,
      ...(mirror ? [mirror] : []),
    ],
    {
      log: "base-image",
      onLine,
      todo: "debootstrap needs root and a Debian mirror; see the log.",
    },
  );
  if (trust !== undefined) cpSync(trust, join(root, "etc/ssl/certs/ca-certificates.crt"), { dereference: true });
  mkdirSync(join(root, "usr/local/bin"), { recursive: true });
  cpSync(process.execPath, join(root, "usr/local/bin/node"));
  await run(["npm", "install", "--global", "--prefix", join(root, "usr/local"), `npm@${versions.npm}`], { log: "base-image", onLine });
  rmSync(join(root, "var/cache/apt"), { recursive: true, force: true });
  mkdirSync(dirname(tar), { recursive: true });
  await run(["tar", "--create", "--file", `${tar}.part`, "--directory", root, "."], { log: "base-image" });
  renameSync(`${tar}.part`, tar);
  rmSync(root, { recursive: true, force: true });
  return tar;
}

/** The image that holds a pod's namespaces on the local node. */
export async function ensurePauseImage(host: string, bin: string): Promise<void> {
  const name = `zeromq-stack/pause:${versions.pause}`;
  if (await hasImage(name)) return;
  const directory = join(paths.state, "pause");
  mkdirSync(directory, { recursive: true });
  const env = { DOCKER_HOST: host, DOCKER_BUILDKIT: "0" };
  cpSync(join(bin, "pause"), join(directory, "pause"));
  const dockerfile = 'FROM scratch\nCOPY pause /pause\nENTRYPOINT ["/pause"]\n';
  await run(["docker", "build", "--file", "-", "--tag", `${localRegistry}/${name}`, directory], { log: "pause-image", env, input: dockerfile });
  await run(["docker", "push", `${localRegistry}/${name}`], { log: "pause-image", env });
}
