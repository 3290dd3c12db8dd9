import { isPublicAddress } from "./npmRegistry.ts";
import { pinnedForm, registryForm } from "./repository.ts";
import { group, oneOf, text } from "./values.ts";

/** The setting's value that means: build the image from this checkout. */
export const worktree = "worktree";

const image = () =>
  text(
    (value) => value === worktree || pinnedForm.test(value),
    `${worktree}, or a version or repository pinned by digest (1.4.0@sha256:<64 hexadecimal digits>)`,
  ).default(worktree);

/** Which image each part runs. */
export const images = group({
  blue: image().describe("The image of the blue brokers."),
  green: image().describe("The image of the green brokers."),
  worker: image().describe("The image of the workers."),
}).prefault({});

/** The registry that our images are pushed to and pulled from. */
export const pushRegistry = group(
  {
    server: text(registryForm, "a registry's host, with a path if it has one")
      .optional()
      .describe("Where our images live; needed unless every image is pinned with its repository."),
    username: text(/^\S+$/, "a user's name without spaces").optional().describe("Who pushes; the Docker client's own login where it is not given."),
    password: text(/^[^\n]+$/, "one line of text (pulumi config set --secret --path pushRegistry.password)", { secret: true })
      .optional()
      .describe("The user's password or token, a secret."),
  },
  { secret: true },
).prefault({});

/** How images are built from this checkout. */
export const build = group(
  {
    network: text(/^[\w.-]+$/, "a network of the Docker daemon, such as host")
      .optional()
      .describe("The network of the build's commands."),
    npmRegistry: text(isPublicAddress, "an http or https address without a user's name or password", { secret: true })
      .optional()
      .describe("The npm registry of the build, where it is not the public one."),
    caCertificates: text(/^\S.*\.(pem|crt)$/, "the path of a .pem or .crt file, as seen from the project's folder")
      .optional()
      .describe("Certificate authorities of a company's proxy that the build must trust."),
    platform: oneOf(["linux/amd64", "linux/arm64", "machine", "any"])
      .default("linux/amd64")
      .describe(
        "The processor that images are built for, and on whose nodes alone brokers and workers run: machine for that of the machine that updates the stack; any where all images are built elsewhere, for every processor.",
      ),
  },
  { secret: true },
).prefault({});
