import { ensureKindCluster } from "./cluster/kind.ts";
import { ensureLocalCluster } from "./cluster/local.ts";
import { environment } from "./environment.ts";
import type { Found } from "./found.ts";
import { ensureBaseImage, ensurePauseImage } from "./images/base.ts";
import { dockerEngine, ownDockerHost } from "./images/docker.ts";
import { ensureRegistry } from "./images/registry.ts";
import { installPackages } from "./packages.ts";
import type { Plan } from "./plan.ts";
import { ensurePlugins } from "./plugins.ts";
import { ensure } from "./processes.ts";
import type { Step } from "./steps.ts";
import { binaries, built, checkersBuild, composeBuild, kubernetesBuild, pulumiBuild } from "./toolchain/build.ts";
import { hasCompose } from "./toolchain/compose.ts";
import { fetchGo } from "./toolchain/go.ts";
import { hasLanguageHost, installPulumi } from "./toolchain/pulumi.ts";

/** The Pulumi CLI and its plugins: enough for a preview, and for an update of somebody else's cluster. */
export function pulumiProvisions(found: Found, plan: Plan): Step[] {
  const steps: Step[] = [];
  const step = (title: string, run: Step["run"]) => steps.push({ title, run });
  if (plan.pulumi === "provide") {
    step("Pulumi CLI", async (say) => {
      if (found.pulumiBuilt) return "installed earlier";
      say("asking for the released one");
      return (await installPulumi()) ? "installed" : built(pulumiBuild, say);
    });
  }
  step("Pulumi plugins", async (say) => {
    const standIns = await ensurePlugins(environment(plan), found.languageHost || hasLanguageHost(), say);
    return standIns.length === 0 ? "genuine" : `can't be had here, stand-ins of local/standin: ${standIns.join(", ")}`;
  });
  return steps;
}

/** The programs that check manifests and workflows, and the one that reads the Compose file. */
export function checkerProvisions(): Step[] {
  return [
    { title: "Checkers", run: (say) => built(checkersBuild, say) },
    { title: "Compose", run: async (say) => ((await hasCompose()) ? "found" : built(composeBuild, say)) },
  ];
}

/** The steps that give this machine what the plan says, each of which does nothing where its result exists. */
export function provisions(found: Found, plan: Plan): Step[] {
  const host = found.docker ?? ownDockerHost;
  const steps: Step[] = [];
  const step = (title: string, run: Step["run"]) => steps.push({ title, run });

  if (plan.packages.length > 0) step("Debian packages", async (say) => installPackages(plan.packages, say));
  if (plan.fetchGo) step("Go", async () => fetchGo());
  steps.push(...pulumiProvisions(found, plan));
  if (plan.docker === "provide") step("Docker engine", async () => ensure(dockerEngine));
  if (plan.cluster !== "context") {
    step("Registry", async () => ensureRegistry(plan.cluster === "kind"));
    step("Base image", async (say) => ensureBaseImage(host, say));
  }
  if (plan.cluster === "kind") step("kind cluster", async (say) => ensureKindCluster(found.context, say));
  if (plan.cluster === "node") {
    step("Kubernetes programs", (say) => built(kubernetesBuild, say));
    step("Kubernetes", async (say) => {
      await ensurePauseImage(host, binaries(kubernetesBuild));
      const started = await ensureLocalCluster(binaries(kubernetesBuild), found.context, say);
      return started === 0 ? "running" : `${started} programs started`;
    });
  }
  return steps;
}
