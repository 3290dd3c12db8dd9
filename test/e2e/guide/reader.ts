import { cpSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { execa } from "execa";
import { type Outcome, ownCheckout, TestStack } from "../stack.ts";

/** What a checkout needs for the commands of the guides. */
const parts = ["infra", "local", "monitoring", "operations", "services", "package.json", "package-lock.json", "Pulumi.yaml"];

/** A copy that the reader may change, as the guides tell to; only what npm installed is shared. */
function checkoutOfTheirOwn(): string {
  const directory = mkdtempSync(join(tmpdir(), "zeromq-stack-reader-"));
  const isOurs = (path: string): boolean => basename(path) !== "node_modules";
  for (const part of parts) cpSync(join(ownCheckout, part), join(directory, part), { recursive: true, filter: isOurs });
  for (const modules of ["node_modules", "services/node_modules"]) symlinkSync(join(ownCheckout, modules), join(directory, modules));
  return directory;
}

/** What one types after a command in the same shell, and what ends one that goes on for ever. */
export interface Typing {
  readonly thenTypes?: string | undefined;
  /** Ctrl-C is pressed once this was printed. */
  readonly until?: RegExp | undefined;
}

/** Somebody who follows the guides: a checkout with the selected stack's settings, a shell in it, and a yes to Pulumi's questions. */
export class Reader extends TestStack {
  /** All that was printed so far. */
  readonly transcript: string[] = [];

  constructor(topic: string, settings: Record<string, unknown>) {
    super(topic, settings, checkoutOfTheirOwn());
    Object.assign(this.env, { PULUMI_STACK: this.name, PULUMI_SKIP_CONFIRMATIONS: "true" });
  }

  /** What is not typed as it is printed: the dev stack's namespace, and kubectl's cluster where a machine has several. */
  #typed(command: string): string {
    const otherwise = { "-n zeromq": `-n ${this.namespace}`, "kubectl ": `kubectl --context ${this.context} ` };
    return Object.entries(otherwise).reduce((text, [printed, typed]) => text.replaceAll(printed, typed), command);
  }

  /** Types a command of a guide as it is printed there. */
  async types(command: string, { thenTypes, until }: Typing = {}): Promise<Outcome> {
    const line = [command, ...(thenTypes === undefined ? [] : [thenTypes])].map((one) => this.#typed(one)).join(" && ");
    // Nobody reads the preview of an update, and `pulumi preview` is a command of its own; that of `pulumi destroy` is what refuses it.
    const env = { ...this.env, PULUMI_OPTION_SKIP_PREVIEW: String(command === "pulumi up") };
    const shell = execa("sh", ["-c", line], { cwd: this.checkout, env, stdin: "ignore", reject: false, all: true, detached: until !== undefined });
    let pressed = false;
    if (until !== undefined) {
      let seen = "";
      shell.all.on("data", (chunk: Buffer) => {
        seen += String(chunk);
        if (pressed || !until.test(seen)) return;
        pressed = true;
        process.kill(-shell.pid!, "SIGINT");
      });
    }
    const { exitCode, all, message } = await shell;
    const text = all ?? message ?? "";
    this.transcript.push(`$ ${line}\n${text}`);
    return { exitCode: pressed ? 0 : exitCode, stdout: Buffer.from(text), text };
  }

  override remove(): void {
    super.remove();
    rmSync(this.checkout, { recursive: true, force: true });
  }
}
