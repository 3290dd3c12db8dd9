import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { names } from "../../services/contract/names.ts";
import services from "../../services/package.json" with { type: "json" };
import { readCertificates } from "../settings/certificates.ts";
import { worktree } from "../settings/images.ts";
import type { Settings } from "../settings.ts";

// Relative, so that two people with checkouts in different places do not undo each other's update.
const context = relative(process.cwd(), fileURLToPath(new URL("../../services/", import.meta.url)));

type Part = "broker" | "worker";
const repositories = { broker: names.brokerApp, worker: names.workerApp } satisfies Record<Part, string>;

/** The images that the pods run, each by digest: built from this checkout where the settings say so, else as they are. */
export class Images extends pulumi.ComponentResource {
  readonly broker: pulumi.Output<string>;
  readonly worker: pulumi.Output<string>;

  constructor(settings: Settings, options: pulumi.ComponentResourceOptions) {
    super("zeromq-stack:infra:Images", "images", {}, options);
    this.broker = this.#reference(settings, "broker", settings.images[settings.activeColor]);
    this.worker = this.#reference(settings, "worker", settings.images.worker);
    this.registerOutputs();
  }

  #reference(settings: Settings, part: Part, wanted: string): pulumi.Output<string> {
    const repository = `${settings.pushRegistry.server}/${repositories[part]}`;
    if (wanted !== worktree) return pulumi.output(wanted.includes("/") ? wanted : `${repository}:${wanted}`);
    return new docker.Image(
      repositories[part],
      {
        imageName: `${repository}:${services.version}`,
        registry: registryLogin(settings),
        buildOnPreview: false,
        build: {
          context,
          dockerfile: `${context}/Dockerfile`,
          target: part,
          platform: settings.build.platform,
          network: settings.build.network,
          args: buildArguments(settings),
        },
      },
      { parent: this },
    ).repoDigest;
  }
}

function registryLogin({ pushRegistry: { server, username, password } }: Settings) {
  return { server, username, password: password && pulumi.secret(password) };
}

function buildArguments({ imageRegistry, build }: Settings): Record<string, string> {
  return {
    IMAGE_REGISTRY: imageRegistry,
    ...(build.npmRegistry && { NPM_REGISTRY: build.npmRegistry }),
    ...(build.caCertificates && { CA_CERTIFICATES: readCertificates(build.caCertificates) }),
  };
}
