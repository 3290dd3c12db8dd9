import type { z } from "zod";
import { environment } from "../../services/contract/environment.ts";
import { colors } from "../../services/contract/names.ts";
import { longestRequestLimit } from "../specs/gracePeriods.ts";
import { alerting } from "./alerting.ts";
import { autoscaling } from "./autoscaling.ts";
import { broker } from "./broker.ts";
import { clients, curve } from "./curve.ts";
import { frontend } from "./frontend.ts";
import { build, images, pushRegistry } from "./images.ts";
import { logging } from "./logging.ts";
import { grafana, prometheus } from "./monitoring.ts";
import { network } from "./network.ts";
import { pull } from "./pull.ts";
import { registryForm } from "./repository.ts";
import { smoke } from "./smoke.ts";
import { dnsLabel, flag, group, oneOf, seconds, text, wholeNumber } from "./values.ts";
import { workers } from "./workers.ts";

/** Every setting of a stack, with its default and its documentation. */
export const schema = group({
  kubeContext: text(/^\S(.*\S)?$/, "a context of the kubeconfig, by name").describe(
    "The cluster. There is no default: an update must never reach a cluster that nobody named.",
  ),
  namespace: dnsLabel(63, { besides: /^(default$|kube-)|-logs$/, inWords: "default, kube-… and …-logs" })
    .default("zeromq")
    .describe("The namespace of everything that the stack declares; it is made and deleted with the stack."),
  activeColor: oneOf(colors).default("blue").describe("The colour that clients reach."),
  imageRegistry: text(registryForm, "a registry's host, with a path if it has one")
    .default("docker.io")
    .describe(
      "Where third-party images come from: a mirror, or Docker Hub; images of another registry are asked of a mirror below that registry's name, and without a mirror of the registry itself.",
    ),
  pushRegistry: pushRegistry.describe("The registry of our own images."),
  pull: pull.describe("How nodes get into registries that do not let everybody in."),
  images: images.describe("What runs: this checkout, or an image that exists."),
  build: build.describe("How images are built from this checkout."),
  protect: flag()
    .optional()
    .describe(
      "Whether an update that would delete the brokers' key or the namespace, and with it every volume, is refused; where it is not given, on every stack but dev and dev-….",
    ),
  broker: broker.describe("The brokers."),
  standbyReplicas: wholeNumber(0, 100).default(1).describe("Brokers of the colour that is not active, once its clients have left."),
  scaleDownDelaySeconds: wholeNumber(0, 86_400)
    .default(30)
    .describe("Seconds after a switch in which the old colour stays as it is, and in which plain clients, who cannot be told to move, keep their connections."),
  smoke: smoke.describe("The request that both colours must answer before and after a switch."),
  longestRequestSeconds: seconds(1, longestRequestLimit).default(30).describe("The longest request that is waited for when a pod ends; grace periods follow."),
  rolloutDeadlineSeconds: wholeNumber(30, 3600).default(300).describe("Seconds that new pods may take to get ready before the update fails."),
  workers: workers.describe("The worker services."),
  workerLogLevel: oneOf(environment.logLevel.words)
    .default(environment.logLevel.default)
    .describe("The least severe log entries that workers write, but where a service's env has a LOG_LEVEL of its own; a change restarts nobody."),
  clients: clients.describe("Who may send requests; each gets a CURVE key of its own."),
  curve: curve.describe("Encrypted connections between peers that know each other."),
  network: network.describe("Who may open connections to what."),
  frontend: frontend.describe("How clients outside of the cluster reach the brokers."),
  prometheus: prometheus.describe("Metrics: what collects and keeps them."),
  alerting: alerting.describe("Alerts: when, and who is told."),
  grafana: grafana.describe("Dashboards."),
  logging: logging.describe("Log lines: what collects, keeps and shows them."),
  autoscaling: autoscaling.describe("How many workers there are, by what they have to do."),
});

export type Settings = z.output<typeof schema>;
