/** `npm run restore`: brings a stack back from a backup. What is done already is left, so that it can be run again. */
import { existsSync } from "node:fs";
import { copyFile, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";
import type { Distribution } from "../monitoring/elasticsearch/configuration.ts";
import { Archive } from "./archive.ts";
import { checkout, command, output, Refusal, type Target } from "./command.ts";
import { restoreLogLines } from "./history/log-lines.ts";
import { restoreSilences } from "./history/silences.ts";
import { restoreVolume } from "./history/volume.ts";
import { directoryOf, nameOf, outputsOf, setting, settingsFile, update } from "./stack.ts";

const usage = `npm run restore -- DIRECTORY [--stack NAME] [--config-file FILE]

Brings a stack back from what npm run backup wrote: its state where Pulumi's backend has none, all that the cluster lacks (pulumi up
--refresh), and then the history. What is there already is left as it is, so after a failure it can be run again.`;

const tell = (what: string, text: string): void => console.log(`${what.padEnd(10)} ${text}`);

/** The stack that the backup is of. @throws Refusal where another one is meant */
async function meant(target: Target, archive: Archive): Promise<Target> {
  const { stack } = archive.manifest;
  const name = target.stack[1] ?? (await nameOf(target).catch(() => stack)); // a selected one that is lost
  if (name.split("/").at(-1) !== stack) throw new Refusal(`the backup is of the stack ${stack}, not of ${name}: nothing was changed`);
  return { ...target, stack: ["--stack", name] };
}

/** The state as the backend has it; nothing where it has no such stack, or one that was made and not filled. */
async function stateOf({ stack }: Target): Promise<string | undefined> {
  const state = await output("pulumi", ["stack", "export", ...stack]).catch((error: unknown) => {
    if (error instanceof Refusal && error.message.includes("no stack named")) return undefined;
    throw error;
  });
  return state !== undefined && ((JSON.parse(state) as { deployment: { resources?: object[] } }).deployment.resources ?? []).length > 0 ? state : undefined;
}

/** @returns what there is to say of it */
async function restoreState(target: Target, archive: Archive, isSelected: boolean): Promise<string> {
  if ((await stateOf(target)) !== undefined) {
    await output("pulumi", ["stack", "output", "--json", "--show-secrets", ...target.stack]); // whether the secrets can be read
    return "the backend has it";
  }
  // Pulumi writes a new stack's settings into the checkout, whatever file it is told to use later.
  const inCheckout = join(checkout, `Pulumi.${archive.manifest.stack}.yaml`);
  const isOurs = !existsSync(inCheckout);
  if (isOurs) await copyFile(archive.path("settings.yaml"), inCheckout);
  try {
    const { secretsprovider } = parse(await readFile(inCheckout, "utf8")) as { secretsprovider?: string };
    const options = [...(secretsprovider === undefined ? [] : ["--secrets-provider", secretsprovider]), ...(isSelected ? [] : ["--no-select"])];
    const made = await output("pulumi", ["stack", "init", target.stack[1]!, ...options]).then(
      () => true,
      (error: unknown) => {
        if (error instanceof Refusal && error.message.includes("already exists")) return false;
        throw error;
      },
    );
    await output("pulumi", ["stack", "import", "--file", archive.path("state.json"), ...target.stack]).catch(async (error: unknown) => {
      if (made) await output("pulumi", ["stack", "rm", "--yes", "--preserve-config", ...target.stack]);
      throw error;
    });
  } catch (error) {
    if (isOurs) await rm(inCheckout, { force: true });
    throw error;
  }
  if (isOurs && settingsFile(target, archive.manifest.stack) !== inCheckout) await rm(inCheckout);
  return "from the backup";
}

async function restoreSettings(target: Target, archive: Archive): Promise<string> {
  const file = settingsFile(target, archive.manifest.stack);
  if (!existsSync(file)) {
    await copyFile(archive.path("settings.yaml"), file);
    return `${file}, from the backup`;
  }
  return (await readFile(file, "utf8")) === (await archive.text("settings.yaml"))
    ? "as in the backup"
    : `${file} counts; the backup has others (settings.yaml)`;
}

async function updated(target: Target): Promise<void> {
  if (!(await update(target, ["--refresh"])))
    throw new Refusal("\nThe update failed: see above, mend it, and run this again. What is restored already is kept.");
}

await command(usage, [], async (given) => {
  const archive = await Archive.open(directoryOf(given, usage));
  const target = await meant(given, archive);
  tell("backup", `of ${archive.manifest.stack}, ${archive.manifest.made}, whole`);
  const state = await restoreState(target, archive, given.stack.length === 0);
  tell("state", state);
  tell("settings", await restoreSettings(target, archive));
  await updated(target);

  const outputs = await outputsOf(target);
  const metrics = await restoreVolume(outputs, "prometheus", archive);
  tell("metrics", metrics.text);
  const grafana = await restoreVolume(outputs, "grafana", archive);
  tell("grafana", grafana.text);
  if (metrics.due || grafana.due) await updated(target);
  tell("silences", await restoreSilences(outputs, archive));
  const distribution = (await setting(target, "logging.elasticsearch.distribution")) as Distribution | undefined;
  tell("log lines", await restoreLogLines(outputs, distribution ?? "default", archive));

  const same = outputs.serverKeys.join() === archive.manifest.serverKeys.join();
  console.log(
    `\nThe stack is back${same ? ", with the keys of the backup" : ". Its brokers' keys are not the backup's: the backend has a newer state, which counts"}.`,
  );
});
