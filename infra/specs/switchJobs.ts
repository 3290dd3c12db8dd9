import type { Job } from "kubernetes-types/batch/v1.js";
import { command } from "../../services/contract/image.ts";
import { type Color, labels, names, otherColor } from "../../services/contract/names.ts";
import { ports } from "../../services/contract/ports.ts";
import type { Settings } from "../settings.ts";
import { probeCurve } from "./curveMounts.ts";
import { hardenedContainer, hardenedPod } from "./hardening.ts";
import { processor } from "./processor.ts";
import { pulling } from "./pullSecret.ts";
import { objectMetadata } from "./objectMetadata.ts";

/** What the kubelet may take until a changed ConfigMap is in the pods' files, and what a client of ours takes to come over. */
const roleSeconds = 120;
/** Beyond what a Job's program allows itself: to fetch the image and to start. */
const startSeconds = 120;

/** A Job, and how long an update waits for it. */
type Step = ReturnType<typeof job>;

/** Before clients are sent to a colour: each of its brokers, at full size, must answer. */
export function gateJob(settings: Settings, color: Color, image: string): Step {
  const whole = ["--brokers", String(settings.broker.replicas)];
  return checkJob(settings, image, "gate", color, address(names.colorService(color)), [...whole, "--otherwise", `Traffic was not moved to ${color}.`]);
}

/** After clients were sent there: the way that they take must lead to the colour, and to an answer. */
export function confirmJob(settings: Settings, color: Color, image: string): Step {
  return checkJob(settings, image, "confirm", color, address(names.brokerService), ["--otherwise", `Traffic goes to ${color}. ${wayBack(color)}`]);
}

/** What a person does whose clients fare badly on a colour. */
export function wayBack(color: Color): string {
  const other = otherColor(color);
  return `The way back: npm run switch -- ${other}, or: pulumi config set activeColor ${other} && pulumi up`;
}

/** Within which a switch's clients leave the old colour: plain ones stay for the delay, and for what is held for them. */
export function leavingSeconds({ scaleDownDelaySeconds, longestRequestSeconds }: Settings): number {
  return scaleDownDelaySeconds + Math.ceil(longestRequestSeconds) + roleSeconds;
}

/** Before the old colour is scaled down: its clients have left, and whoever wants to go back had time to. */
export function moveJob(settings: Settings, color: Color, image: string): Step {
  const { standbyReplicas, scaleDownDelaySeconds } = settings;
  const atMost = leavingSeconds(settings);
  return job(settings, image, "move", atMost, [
    "moved",
    // One that some broker is always behind: a name without any may be no name.
    "--address",
    address(names.headlessService),
    "--color",
    otherColor(color),
    "--keep",
    String(standbyReplicas),
    "--at-least-seconds",
    String(scaleDownDelaySeconds),
    "--at-most-seconds",
    String(atMost),
  ]);
}

function checkJob(settings: Settings, image: string, step: string, color: Color, endpoint: string, how: readonly string[]): Step {
  const { smoke } = settings;
  const service = smoke.service ?? settings.workers.find(({ replicas }) => replicas > 0)?.service;
  return job(settings, image, step, smoke.timeoutSeconds, [
    "check",
    "--address",
    endpoint,
    "--color",
    color,
    "--within-seconds",
    String(smoke.timeoutSeconds),
    ...(service === undefined ? [] : ["--service", service, "--body", smoke.request]),
    ...(service === undefined || smoke.reply === undefined ? [] : ["--reply", smoke.reply]),
    ...how,
  ]);
}

const address = (service: string): string => `tcp://${service}:${ports.frontend}`;

/** A run of the client's command line. It has no name of its own: one that a killed update left is never taken for a new one. */
function job(settings: Settings, image: string, step: string, withinSeconds: number, args: readonly string[]) {
  const { env, volumes, volumeMounts } = probeCurve(settings);
  const matchLabels = { [labels.app]: names.switchApp, [labels.step]: step };
  return {
    timeoutSeconds: withinSeconds + startSeconds + 30,
    spec: {
      apiVersion: "batch/v1",
      kind: "Job",
      // One that failed is run anew by the next update.
      metadata: objectMetadata({ namespace: settings.namespace, labels: matchLabels, annotations: { "pulumi.com/replaceUnready": "true" } }),
      spec: {
        backoffLimit: 0,
        activeDeadlineSeconds: withinSeconds + startSeconds,
        template: {
          metadata: { labels: matchLabels },
          spec: {
            ...hardenedPod,
            ...pulling(settings),
            ...processor(settings),
            restartPolicy: "Never",
            containers: [
              {
                name: step,
                image,
                command: command("client", ...args),
                env,
                resources: { requests: { cpu: "50m", memory: "64Mi" }, limits: { cpu: "500m", memory: "256Mi" } },
                volumeMounts,
                securityContext: hardenedContainer,
                terminationMessagePolicy: "FallbackToLogsOnError",
              },
            ],
            volumes,
          },
        },
      },
    } satisfies Job,
  };
}
