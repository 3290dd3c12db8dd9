import { createHash } from "node:crypto";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { imageReference } from "../../infra/settings/imageReference.ts";
import { type ThirdParty, thirdPartyImages } from "../../infra/settings/thirdPartyImages.ts";
import { inNode, nodePid } from "../cluster/node.ts";
import { containerdSocket } from "../cluster/worker.ts";
import { goOn } from "../interruption.ts";
import { paths } from "../paths.ts";
import { output, run } from "../run.ts";
import type { Say } from "../steps.ts";
import { filebeatBuild, metricsServerBuild, prometheusAdapterBuild, prometheusBuild } from "../toolchain/build.ts";
import { debianProgram } from "./debian.ts";
import { elasticsearch } from "./elasticsearch.ts";
import { goProgram } from "./goProgram.ts";
import type { Recipe } from "./recipe.ts";
import { hasImage, localRegistry } from "./registry.ts";

/** How the third-party images are made on a machine that cannot pull them; one without a recipe is not to be had there. */
export const recipes: Partial<Record<ThirdParty, Recipe>> = {
  prometheus: goProgram(prometheusBuild, "prometheus"),
  alertmanager: debianProgram("prometheus-alertmanager", "/usr/bin/prometheus-alertmanager", "/usr/share/prometheus/alertmanager"),
  metricsServer: goProgram(metricsServerBuild, "metrics-server"),
  prometheusAdapter: goProgram(prometheusAdapterBuild, "adapter"),
  elasticsearch,
  filebeat: goProgram(filebeatBuild, "filebeat"),
};

/** Which image is wanted for which part, as `imageRegistry` has it: without a registry, with a tag. */
export type Wanted = Partial<Record<ThirdParty, string>>;

/** All that can be made, as the settings' defaults name them. */
export const makeable: Wanted = Object.fromEntries(Object.keys(recipes).map((part) => [part, thirdPartyImages[part as ThirdParty]]));

/** The parts whose images the registry on loopback lacks, or has from a recipe that is no more. */
export async function missingImages(wanted: Wanted): Promise<ThirdParty[]> {
  const parts = Object.entries(wanted) as [ThirdParty, string][];
  const there = await Promise.all(
    parts.map(async ([part, reference]) => (await hasImage(marker(part, reference))) || (await hasImage(pulledMarker(reference)))),
  );
  return parts.filter((_, place) => !there[place]).map(([part]) => part);
}

/** Puts images into the registry on loopback, each pulled where that can be, else made. @returns the parts whose image is not to be had */
export async function ensureThirdPartyImages(wanted: Wanted, host: string, say: Say): Promise<ThirdParty[]> {
  const lacking: ThirdParty[] = [];
  for (const part of await missingImages(wanted)) {
    const told: Say = (line) => say(`${part}: ${line}`);
    const reference = wanted[part]!;
    if (await pull(reference, host, told)) continue;
    goOn();
    const recipe = recipes[part];
    if (recipe === undefined) lacking.push(part);
    else await make(part, reference, recipe, host, told);
  }
  return lacking;
}

/** A second tag says where an image came from; it lives and goes with the registry. */
function marker(part: ThirdParty, reference: string): string {
  return `${reference}-made-${createHash("sha256")
    .update(recipes[part]?.of ?? "")
    .digest("hex")
    .slice(0, 12)}`;
}

function pulledMarker(reference: string): string {
  return `${reference}-pulled`;
}

async function pull(reference: string, host: string, say: Say): Promise<boolean> {
  const env = { DOCKER_HOST: host };
  const source = imageReference({ imageRegistry: "docker.io" }, reference);
  say("asking for the released one");
  if ((await output(["docker", "pull", "--quiet", source], env, 600_000)) === undefined) return false;
  await push(source, [reference, pulledMarker(reference)], host, say);
  return true;
}

async function make(part: ThirdParty, reference: string, recipe: Recipe, host: string, say: Say): Promise<void> {
  const folder = join(paths.state, "images", part);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const dockerfile = await recipe.prepare(folder, say);
  say(`building from ${recipe.of}`);
  const env = { DOCKER_HOST: host, DOCKER_BUILDKIT: "0" };
  const made = `${localRegistry}/${reference}`;
  await run(["docker", "build", "--network", "host", "--file", "-", "--tag", made, folder], { log: `image-${part}`, env, input: dockerfile, onLine: say });
  await push(made, [reference, marker(part, reference)], host, say);
  await forget(made);
  rmSync(folder, { recursive: true });
}

/** A node keeps what it has pulled under a tag; one that was made anew must be pulled again. */
async function forget(image: string): Promise<void> {
  if (nodePid() !== undefined) await output(inNode("ctr", "--address", containerdSocket, "--namespace", "k8s.io", "images", "rm", image));
}

/** The marker last: it says that the rest is there. */
async function push(image: string, references: readonly string[], host: string, say: Say): Promise<void> {
  const env = { DOCKER_HOST: host };
  for (const target of references.map((reference) => `${localRegistry}/${reference}`)) {
    await run(["docker", "tag", image, target], { log: "push", env });
    await run(["docker", "push", target], { log: "push", env, onLine: say });
  }
}
