import * as pulumi from "@pulumi/pulumi";
import { refusedLater } from "./settings/updateChecks.ts";
import { missingForUpdate, parseSettings, type Settings, SettingsError } from "./settings.ts";

/** The settings of the stack that the engine runs; what is wrong with them ends the program without a stack trace. */
export function stackSettings(): Settings {
  const stack = pulumi.getStack();
  try {
    const settings = parseSettings(pulumi.runtime.allConfig(), stack, { isPreview: pulumi.runtime.isDryRun() });
    for (const { key, message } of missingForUpdate(settings, stack)) void pulumi.log.warn(`${refusedLater}${key}: ${message}`);
    return settings;
  } catch (error) {
    throw error instanceof SettingsError ? new pulumi.RunError(error.message) : error;
  }
}
