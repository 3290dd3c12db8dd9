import { cpSync, existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { checkout, paths } from "../paths.ts";
import { output, run } from "../run.ts";
import { versions } from "../versions.ts";
import { hasImage, localRegistry } from "./registry.ts";

/** Puts the image that `services/Dockerfile` starts from into the registry on loopback: pulled where that is possible, else made. */
export async function ensureBaseImage(host: string, onLine: (line: string) => void): Promise<string> {
  if (await hasImage(versions.baseImage)) return "present";
  const env = { DOCKER_HOST: host };
  const target = `${localRegistry}/${versions.baseImage}`;
  const source = `docker.io/${versions.baseImage}`;
  const pulled = (await output(["docker", "pull", "--quiet", source], env, 600_000)) !== undefined;
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
  const tar = join(paths.cache, `base-image-${versions.debianSuite}-node-${versions.node}.tar`);
  if (existsSync(tar)) return tar;
  const root = join(paths.state, "base-image");
  rmSync(root, { recursive: true, force: true });
  mkdirSync(root, { recursive: true });
  const mirror = await output(["sh", "-c", `apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Codename: ${versions.debianSuite}' | head -n 1`]);
  await run(["debootstrap", "--variant=minbase", `--cache-dir=${debCache()}`, "--include=ca-certificates,libstdc++6", versions.debianSuite, root, ...(mirror ? [mirror] : [])], {
    log: "base-image",
    onLine,
    todo: "debootstrap needs root and a Debian mirror; see the log.",
  });
  const authorities = process.env["SSL_CERT_FILE"] ?? "/etc/ssl/certs/ca-certificates.crt";
  if (existsSync(authorities)) cpSync(authorities, join(root, "etc/ssl/certs/ca-certificates.crt"), { dereference: true });
  mkdirSync(join(root, "usr/local/bin"), { recursive: true });
  cpSync(process.execPath, join(root, "usr/local/bin/node"));
  const npm = (await output(["npm", "root", "--global"])) ?? "/usr/lib/node_modules";
  cpSync(join(npm, "npm"), join(root, "usr/local/lib/node_modules/npm"), { recursive: true, dereference: true });
  await run(["ln", "-sf", "../lib/node_modules/npm/bin/npm-cli.js", join(root, "usr/local/bin/npm")], { log: "base-image" });
  rmSync(join(root, "var/cache/apt"), { recursive: true, force: true });
  mkdirSync(dirname(tar), { recursive: true });
  await run(["tar", "--create", "--file", `${tar}.part`, "--directory", root, "."], { log: "base-image" });
  renameSync(`${tar}.part`, tar);
  rmSync(root, { recursive: true, force: true });
  return tar;
}

function debCache(): string {
  const directory = join(paths.cache, "debootstrap");
  mkdirSync(directory, { recursive: true });
  return directory;
}

/** The image that holds a pod's namespaces on the local node. */
export async function ensurePauseImage(host: string, go: string): Promise<void> {
  const name = `zeromq-stack/pause:${versions.pause}`;
  if (await hasImage(name)) return;
  const directory = join(paths.state, "pause");
  mkdirSync(directory, { recursive: true });
  const env = { DOCKER_HOST: host, CGO_ENABLED: "0", DOCKER_BUILDKIT: "0" };
  const source = join(checkout, "local/images/pause/main.go");
  await run([go, "build", "-trimpath", "-ldflags=-s -w", "-o", join(directory, "pause"), source], { log: "pause-image", env });
  const dockerfile = 'FROM scratch\nCOPY pause /pause\nENTRYPOINT ["/pause"]\n';
  await run(["docker", "build", "--file", "-", "--tag", `${localRegistry}/${name}`, directory], { log: "pause-image", env, input: dockerfile });
  await run(["docker", "push", `${localRegistry}/${name}`], { log: "pause-image", env });
}
