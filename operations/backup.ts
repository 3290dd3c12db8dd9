/** `npm run backup`: a directory with all that a stack cannot make again. */
import { readFile } from "node:fs/promises";
import { NewArchive } from "./archive.ts";
import { command, output, Refusal } from "./command.ts";
import { backUpLogLines } from "./history/log-lines.ts";
import { backUpSilences } from "./history/silences.ts";
import { backUpVolume } from "./history/volume.ts";
import { directoryOf, nameOf, outputsOf, settingsFile } from "./stack.ts";

const usage = `npm run backup -- DIRECTORY [--stack NAME] [--config-file FILE]

Writes the stack's state (its secrets stay encrypted), its settings, Prometheus' samples, Alertmanager's silences, the log lines and
Grafana's database into a directory that is not there yet. Everything works on meanwhile. The way back: npm run restore -- DIRECTORY`;

function settings(file: string): Promise<string> {
  return readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new Refusal(`the stack's settings cannot be read: ${file} (${error.code})`);
  });
}

await command(usage, [], async (target) => {
  const directory = directoryOf(target, usage);
  const name = await nameOf(target);
  const outputs = await outputsOf(target);
  const archive = await NewArchive.begin(directory);
  const tell = (what: string, text: string): void => console.log(`${what.padEnd(10)} ${text}`);
  try {
    const state = await output("pulumi", ["stack", "export", ...target.stack]);
    await archive.add("state.json", state);
    tell("state", `${(JSON.parse(state) as { deployment: { resources: object[] } }).deployment.resources.length} resources, with the keys`);
    await archive.add("settings.yaml", await settings(settingsFile(target, name)));
    tell("metrics", await backUpVolume(outputs, "prometheus", archive));
    tell("silences", await backUpSilences(outputs, archive));
    tell("log lines", await backUpLogLines(outputs, archive));
    tell("grafana", await backUpVolume(outputs, "grafana", archive));
    await archive.finish({ stack: name, namespace: outputs.namespace, serverKeys: outputs.serverKeys });
  } catch (error) {
    await archive.abandon();
    if (error instanceof Refusal) throw new Refusal(`${error.message}\n\nNo backup was made.`);
    throw error;
  }
  console.log(`\n${directory} is whole. Keep it where the cluster and Pulumi's backend are not; what decrypts the state is not in it.`);
});
