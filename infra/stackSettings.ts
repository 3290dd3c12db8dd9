import * as pulumi from "@pulumi/pulumi";
import { parseSettings, type Settings, SettingsError } from "./settings.ts";

/** The settings of the stack that the engine runs; what is wrong with them ends the program without a stack trace. */
export function stackSettings(): Settings {
  try {
    return parseSettings(pulumi.runtime.allConfig(), pulumi.getStack());
  } catch (error) {
    throw error instanceof SettingsError ? new pulumi.RunError(error.message) : error;
  }
}
