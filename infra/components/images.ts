import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { names } from "../../services/contract/names.ts";
import services from "../../services/package.json" with { type: "json" };
import { readCertificates } from "../settings/certificates.ts";
import { worktree } from "../settings/images.ts";
import { builtFor } from "../specs/processor.ts";
import type { Settings, WorkerSettings } from "../settings.ts";
import type { Running } from "../specs/trafficText.ts";

// Relative, so that two people with checkouts in different places do not undo each other's update.
const context = relative(process.cwd(), fileURLToPath(new URL("../../services/", import.meta.url)));

type Part = "broker" | "worker";
const repositories = { broker: names.brokerApp, worker: names.workerApp } satisfies Record<Part, string>;

/** The images that the pods run, each by digest: built from this checkout where the settings say so, else as they are. */
export class Images extends pulumi.ComponentResource {
  readonly references: Readonly<Record<keyof Running["images"], pulumi.Output<string>>>;
  readonly #built = new Map<Part, pulumi.Output<string>>();

  constructor(settings: Settings, options: pulumi.ComponentResourceOptions) {
    super("zeromq-stack:infra:Images", "images", {}, options);
    this.references = {
      blue: this.#reference(settings, "broker", settings.images.blue),
      green: this.#reference(settings, "broker", settings.images.green),
      worker: this.#reference(settings, "worker", settings.images.worker),
    };
    this.registerOutputs();
  }

  /** The image of a service's workers: its own, or the one that all share. */
  ofWorker(settings: Settings, { image }: WorkerSettings): pulumi.Output<string> {
    return image === undefined ? this.references.worker : this.#reference(settings, "worker", image);
  }

  #reference(settings: Settings, part: Part, wanted: string): pulumi.Output<string> {
    // Only in a preview: see settings/updateChecks.ts.
    const server = settings.pushRegistry.server ?? "pushRegistry.server";
    const repository = `${server}/${repositories[part]}`;
    if (wanted !== worktree) return pulumi.output(pinned(wanted, repository));
    // Two colours that are both built from this checkout are one image.
    const built = this.#built.get(part) ?? this.#build(settings, part, repository);
    this.#built.set(part, built);
    return built;
  }

  #build(settings: Settings, part: Part, repository: string): pulumi.Output<string> {
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
          platform: builtFor(settings),
          network: settings.build.network,
          args: buildArguments(settings),
        },
      },
      { parent: this },
    ).repoDigest;
  }
}

/** By digest alone: pods that run an image are not replaced when it gets a tag, for instance where it is pinned. */
function pinned(wanted: string, repository: string): string {
  const [named, digest] = wanted.split("@") as [string, string];
  return `${wanted.includes("/") ? named.replace(/:[^/:]*$/, "") : repository}@${digest}`;
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
