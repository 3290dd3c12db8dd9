import { existsSync } from "node:fs";
import { join } from "node:path";
import { binaries, kubernetesBuild } from "./toolchain/build.ts";
import { pulumiFolder } from "./toolchain/pulumi.ts";
import { ownDockerHost } from "./images/docker.ts";
import { checkout, paths } from "./paths.ts";
import type { Plan } from "./plan.ts";
import { standInFolders } from "./plugins.ts";

/**
 * The variables with which `pulumi`, `kubectl` and `docker` use what `up` found or provided. Our programs come last on
 * PATH, so that the machine's own win; Node comes first, because Pulumi runs the program with it.
 */
export function environment(plan: Plan): Record<string, string> {
  const own = [
    ...(plan.pulumi === "provide" ? [pulumiFolder()] : []),
    ...(existsSync(binaries(kubernetesBuild)) ? [binaries(kubernetesBuild)] : []),
    ...standInFolders(),
  ];
  const hasPassphrase = ["PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"].some((name) => process.env[name] !== undefined);
  return {
    PATH: [join(checkout, "node_modules/.bin"), process.env["PATH"], ...own].join(":"),
    ...(plan.cluster === "context" ? {} : { KUBECONFIG: paths.kubeconfig }),
    ...(plan.docker === "found" ? {} : { DOCKER_HOST: ownDockerHost }),
    ...(usesOwnBackend() ? { PULUMI_BACKEND_URL: ownBackend } : {}),
    ...(hasPassphrase ? {} : { PULUMI_CONFIG_PASSPHRASE: passphrase }),
    ...(standInFolders().length > 0 ? { PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true" } : {}),
    ...(process.env["NO_PROXY"] === undefined ? {} : { NO_PROXY: process.env["NO_PROXY"], no_proxy: process.env["NO_PROXY"] }),
    PULUMI_SKIP_UPDATE_CHECK: "true",
  };
}

/** Whether the stack's state lies in the state folder, because nobody is logged in elsewhere. */
export function usesOwnBackend(): boolean {
  return process.env["PULUMI_ACCESS_TOKEN"] === undefined && (process.env["PULUMI_BACKEND_URL"] ?? ownBackend) === ownBackend;
}

// Without the files beside its files, which are not written at once: a program that reads its own outputs may find one empty (EOF).
const ownBackend = `file://${paths.pulumiBackend}?metadata=skip`;

/**
 * The dev stack's state lies on this machine, beside whatever would hold its passphrase, so the passphrase is no
 * secret. It fits the `encryptionsalt` in Pulumi.dev.yaml; every other stack has a secrets provider of its own.
 */
const passphrase = "zeromq-stack-dev";
