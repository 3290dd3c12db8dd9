import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { dumpYaml, loadYaml } from "@kubernetes/client-node";
import { execa } from "execa";
import { expect } from "vitest";

/** Where these tests are. */
export const ownCheckout = join(import.meta.dirname, "../..");

/** What a command printed and how it ended. */
export interface Outcome {
  readonly exitCode: number | undefined;
  readonly stdout: Buffer;
  /** Standard output and error, as a person reads them. */
  readonly text: string;
}

/** What a command printed that did what it should. */
export async function succeed(outcome: Promise<Outcome>): Promise<string> {
  const { exitCode, text } = await outcome;
  expect(exitCode, text).toBe(0);
  return text;
}

/** The standard output alone of a command that did what it should: kubectl may say something about its own connection beside it. */
export async function printed(outcome: Promise<Outcome>): Promise<string> {
  await succeed(outcome);
  return (await outcome).stdout.toString();
}

/** What the dev stack says of the machine, not of itself. */
const ofThisMachine = [
  "pulumi:disable-default-providers",
  ...["kubeContext", "imageRegistry", "pushRegistry", "build", "prometheus", "alerting", "grafana", "logging", "autoscaling"].map(
    (name) => `zeromq-stack:${name}`,
  ),
];

interface SettingsFile {
  config: Record<string, unknown>;
  encryptionsalt: string;
}

/** The dev stack's settings as a checkout has them, which need not be of this release; this one's where it has none. */
function devSettings(checkout: string): SettingsFile {
  const file = join(checkout, "Pulumi.dev.yaml");
  return loadYaml<SettingsFile>(readFileSync(existsSync(file) ? file : join(ownCheckout, "Pulumi.dev.yaml"), "utf8"));
}

/** A stack of its own: its state, its settings and its namespace are nobody else's; only the cluster is the dev stack's. */
export class TestStack {
  readonly name: string;
  readonly namespace: string;
  readonly context: string;
  readonly registry: string;
  readonly imageRegistry: string;
  readonly directory = mkdtempSync(join(tmpdir(), "zeromq-stack-e2e-"));
  /** What tells Pulumi and our commands which stack is meant. */
  readonly own: readonly string[];
  readonly env: Record<string, string>;
  /** Where its commands run: an upgrade is to go on with another. */
  checkout: string;

  /**
   * @param settings those that are not the dev stack's
   * @param checkout one that is nobody else's: it has the stack's settings, as a person's has
   */
  constructor(topic: string, settings: Record<string, unknown>, checkout = ownCheckout) {
    this.name = `dev-${topic}`;
    this.namespace = `zeromq-${topic}`;
    this.checkout = checkout;
    const file = join(checkout === ownCheckout ? this.directory : checkout, `Pulumi.${this.name}.yaml`);
    this.own = ["--stack", this.name, "--config-file", file];
    const dev = devSettings(checkout);
    this.context = String(dev.config["zeromq-stack:kubeContext"]);
    const config = {
      ...Object.fromEntries(Object.entries(dev.config).filter(([key]) => ofThisMachine.includes(key))),
      "zeromq-stack:namespace": this.namespace,
      "zeromq-stack:frontend": { serviceType: "ClusterIP" },
      ...Object.fromEntries(Object.entries(settings).map(([key, value]) => [`zeromq-stack:${key}`, value])),
    };
    this.imageRegistry = String(dev.config["zeromq-stack:imageRegistry"]);
    this.registry = (dev.config["zeromq-stack:pushRegistry"] as { server: string }).server;
    writeFileSync(file, dumpYaml({ config, encryptionsalt: dev.encryptionsalt }));
    const backend = join(this.directory, "backend");
    mkdirSync(backend);
    this.env = { PULUMI_BACKEND_URL: `file://${backend}?metadata=skip`, PULUMI_CONFIG_PASSPHRASE: "zeromq-stack-dev" };
  }

  /** Makes the stack. Pulumi writes a new stack's settings into the checkout, whatever file it is told to use later. */
  async init(): Promise<Outcome> {
    const outcome = await this.pulumi(["stack", "init", "--no-select"]);
    if (this.checkout === ownCheckout) rmSync(join(ownCheckout, `Pulumi.${this.name}.yaml`), { force: true });
    return outcome;
  }

  /** The Pulumi CLI on this stack, as one types it. */
  async pulumi(args: readonly string[], env: Record<string, string> = {}): Promise<Outcome> {
    const withoutSettings = ["stack", "state", "cancel"].includes(args[0]!);
    return this.#run("pulumi", [...args, ...(withoutSettings ? ["--stack", this.name] : this.own), "--non-interactive", "--color", "never"], undefined, env);
  }

  /** `pulumi up`. */
  up(): Promise<Outcome> {
    return this.pulumi(["up", "--yes", "--skip-preview"]);
  }

  /** Goes on with another release's program, and what its dev stack says of the machine that was no setting before. */
  goOnWith(checkout: string): void {
    this.checkout = checkout;
    const wanted = Object.entries(devSettings(checkout).config).filter(([key]) => ofThisMachine.includes(key));
    this.edit((config) => Object.assign(config, Object.fromEntries(wanted.filter(([key]) => !Object.hasOwn(config, key)))));
  }

  /** Changes the file of settings as a person does with an editor. */
  edit(change: (config: Record<string, any>) => void): void {
    const file = this.own.at(-1)!;
    const settings = loadYaml<SettingsFile>(readFileSync(file, "utf8"));
    change(settings.config);
    writeFileSync(file, dumpYaml(settings));
  }

  async set(path: string, value: string): Promise<void> {
    const { exitCode, text } = await this.pulumi(["config", "set", "--path", path, value]);
    if (exitCode !== 0) throw new Error(text);
  }

  /** One of the commands of package.json on this stack. `onLine` is told each line as it is printed. */
  async npm(command: string, args: readonly string[], onLine?: (line: string) => void): Promise<Outcome> {
    const child = execa("npm", ["run", "--silent", command, "--", ...args, ...this.own], {
      cwd: this.checkout,
      env: this.env,
      stdin: "ignore",
      reject: false,
      all: true,
    });
    if (onLine !== undefined) for await (const line of child.iterable({ from: "all" })) onLine(String(line));
    const { exitCode, all } = await child;
    return { exitCode, stdout: Buffer.from(all ?? ""), text: all ?? "" };
  }

  /** Begins an update, kills it once a condition holds, and frees the stack from its lock, as one does by hand. */
  async killedUp(condition: () => Promise<boolean>): Promise<Outcome> {
    const update = execa("pulumi", ["up", "--yes", "--skip-preview", ...this.own, "--non-interactive"], {
      cwd: this.checkout,
      env: this.env,
      reject: false,
      detached: true,
    });
    while (!(await condition())) {
      if (update.exitCode !== null) throw new Error(`the update ended before it could be killed:\n${(await update).stdout}`);
      await delay(100);
    }
    process.kill(-update.pid!, "SIGKILL"); // with its plugins, as a machine's crash does
    await update;
    return this.pulumi(["cancel", "--yes"]);
  }

  async kubectl(args: readonly string[], input?: Buffer): Promise<Outcome> {
    return this.#run("kubectl", ["--context", this.context, "--namespace", this.namespace, ...args], input);
  }

  /** Deletes a pod and returns the exit code that its container had in the end. */
  async exitCodeOfDeleted(pod: string): Promise<string> {
    const codes = '{.status.containerStatuses[0].state.terminated.exitCode}{"\\n"}';
    const args = ["--context", this.context, "--namespace", this.namespace, "get", "pod", pod, "--watch", "-o", `jsonpath=${codes}`];
    const watch = execa("kubectl", args, { reject: false, env: this.env });
    await this.kubectl(["delete", "pod", pod]);
    watch.kill();
    return ((await watch).stdout ?? "").trim().split("\n").at(-1) ?? "";
  }

  /** A Kubernetes list as objects. */
  async list(kind: string, selector = ""): Promise<any[]> {
    const { stdout, text, exitCode } = await this.kubectl(["get", kind, "-o", "json", ...(selector === "" ? [] : ["-l", selector])]);
    if (exitCode !== 0) throw new Error(text);
    return JSON.parse(stdout.toString()).items;
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }

  async #run(program: string, args: readonly string[], input?: Buffer, env: Record<string, string> = {}): Promise<Outcome> {
    const answer = await execa(program, args, {
      cwd: this.checkout,
      env: { ...this.env, ...env },
      encoding: "buffer",
      reject: false,
      ...(input === undefined ? { stdin: "ignore" as const } : { input }),
    });
    const stdout = Buffer.from(answer.stdout ?? []);
    const errors = answer.exitCode === undefined ? answer.message : Buffer.from(answer.stderr ?? []).toString();
    return { exitCode: answer.exitCode, stdout, text: `${stdout.toString()}\n${errors}` };
  }
}
