import type * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../settings.ts";
import { gracePeriods } from "../specs/gracePeriods.ts";

/** How long an update waits for a Deployment: for the deadline, and while the pods that go take their grace periods. */
export function rolloutTime(settings: Settings, replicas: number): Pick<pulumi.CustomResourceOptions, "customTimeouts"> {
  const seconds = settings.rolloutDeadlineSeconds + replicas * gracePeriods(settings).podSeconds;
  return { customTimeouts: { create: `${settings.rolloutDeadlineSeconds}s`, update: `${seconds}s` } };
}
