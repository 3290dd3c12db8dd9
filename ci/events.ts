import { stripVTControlCharacters } from "node:util";
import type { EngineEvent, StepEventMetadata } from "@pulumi/pulumi/automation/index.js";
import { refusedLater } from "../infra/settings/updateChecks.ts";
import type { Running } from "../infra/specs/trafficText.ts";
import type { Planned, Preview, Violation } from "./previews.ts";

/** How Pulumi's engine writes a value that a preview cannot know. */
const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** By this it marks what is no plain value; of those only secrets are among our resources. */
const signature = "4dabf18193072939515e22adb298388d";

const plain = (text: string): string =>
  stripVTControlCharacters(text)
    .replaceAll(/<\{%.*?%\}>/g, "")
    .trim();
const nameOf = (urn: string): string => urn.split("::").at(-1) ?? urn;
const isOwn = ({ type }: StepEventMetadata): boolean => !/^(pulumi:(pulumi|providers):|zeromq-stack:)/.test(type);

/**
 * A preview from the events of Pulumi's engine.
 * @param builtFrom what an image is called that is about to be built: the same for the same content
 * @param fault what Pulumi said where it ended with an error; of use where no event says why
 */
export function previewOf(stack: string, events: readonly EngineEvent[], builtFrom: string, fault?: string): Preview {
  const planned = new Map<string, Planned>();
  const violations: Violation[] = [];
  const [warnings, errors] = [new Set<string>(), new Set<string>()];
  let running: Running | undefined;

  for (const { resourcePreEvent, resOutputsEvent, policyEvent, diagnosticEvent } of events) {
    const step = resourcePreEvent?.metadata ?? resOutputsEvent?.metadata;
    if (step?.type === "pulumi:pulumi:Stack") running = runningOf(step.new?.outputs ?? {}, builtFrom) ?? running;
    if (step?.new !== undefined && isOwn(step) && step.op !== "read")
      planned.set(step.urn, { type: step.type, name: nameOf(step.urn), inputs: known(step.new.inputs, builtFrom) });
    if (policyEvent !== undefined && !notKnownYet.test(policyEvent.message)) {
      violations.push({
        policy: policyEvent.policyName,
        message: plain(policyEvent.message),
        resource: policyEvent.resourceUrn === undefined || policyEvent.resourceUrn === "" ? undefined : nameOf(policyEvent.resourceUrn),
        mandatory: policyEvent.enforcementLevel === "mandatory",
      });
    }
    if (diagnosticEvent !== undefined) {
      const text = plain(`${diagnosticEvent.message}`);
      if (diagnosticEvent.severity === "error" && text !== "") errors.add(text);
      if (diagnosticEvent.severity === "warning" && text !== "" && !aboutThisRun.test(text)) warnings.add(text);
    }
  }
  if (fault !== undefined && errors.size === 0 && violations.length === 0) errors.add(fault);
  // A stack to which nobody has released yet says so itself, image by image: the policy's word on them is no second fault.
  const unreleased = [...warnings].some((text) => text.startsWith(refusedLater));
  return {
    stack,
    resources: [...planned.values()],
    violations: unreleased ? violations.filter(({ policy }) => policy !== "pinned-images") : violations,
    warnings: [...warnings],
    // The engine's last word where a policy forbids something: which one stands beside it.
    errors: [...errors].filter((text) => text !== "preview failed" || violations.length === 0),
    running,
  };
}

/** Of no use to who reads about a change: which plugins were found, and that there is no cluster, by intention. */
const aboutThisRun = /^(warning: )?(using pulumi-|configured Kubernetes cluster is unreachable)/;
/** A policy looks at an image that is about to be built when it is built. */
const notKnownYet = /can't be known during preview/;

function runningOf(outputs: Record<string, any>, builtFrom: string): Running | undefined {
  const { activeColor, images, versions } = known(outputs, builtFrom) as Record<string, any>;
  // All of it or nothing: a program that failed half-way gives out less.
  return activeColor && images && versions && typeof images === "object" ? { activeColor, images, versions } : undefined;
}

function known(value: any, builtFrom: string): any {
  if (value === unknown) return builtFrom;
  if (typeof value === "string") return value.replaceAll(unknown, builtFrom);
  if (Array.isArray(value)) return value.map((inner) => known(inner, builtFrom));
  if (typeof value !== "object" || value === null) return value;
  if (Object.hasOwn(value, signature)) return "[secret]";
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, known(inner, builtFrom)]));
}
