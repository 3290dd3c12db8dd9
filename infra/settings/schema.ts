import type { z } from "zod";
import { colors } from "../../services/contract/names.ts";
import { longestRequestLimit } from "../specs/gracePeriods.ts";
import { broker } from "./broker.ts";
import { frontend } from "./frontend.ts";
import { build, images, pushRegistry } from "./images.ts";
import { registryForm } from "./repository.ts";
import { dnsLabel, group, oneOf, seconds, text, wholeNumber } from "./values.ts";
import { workers } from "./workers.ts";

/** Every setting of a stack, with its default and its documentation. */
export const schema = group({
  kubeContext: text(/^\S(.*\S)?$/, "a context of the kubeconfig, by name").describe(
    "The cluster. There is no default: an update must never reach a cluster that nobody named.",
  ),
  namespace: dnsLabel(63, { besides: /^(default$|kube-)/, inWords: "default and kube-…" })
    .default("zeromq")
    .describe("The namespace of everything that the stack declares; it is made and deleted with the stack."),
  activeColor: oneOf(colors).default("blue").describe("The colour that clients reach."),
  imageRegistry: text(registryForm, "a registry's host, with a path if it has one")
    .default("docker.io")
    .describe("Where third-party images come from: a mirror of Docker Hub, or Docker Hub."),
  pushRegistry: pushRegistry.describe("The registry of our own images."),
  images: images.describe("What runs: this checkout, or an image that exists."),
  build: build.describe("How images are built from this checkout."),
  broker: broker.describe("The brokers."),
  longestRequestSeconds: seconds(1, longestRequestLimit)
    .default(30)
    .describe("The longest request that is waited for when a pod ends; grace periods follow."),
  rolloutDeadlineSeconds: wholeNumber(30, 3600)
    .default(300)
    .describe("Seconds that new pods may take to get ready before the update fails."),
  workers: workers.describe("The worker services."),
  frontend: frontend.describe("How clients outside of the cluster reach the brokers."),
});

export type Settings = z.output<typeof schema>;
