import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, vi } from "vitest";
import { probeCurve } from "../../../infra/specs/curveMounts.ts";
import { hardenedContainer, hardenedPod } from "../../../infra/specs/hardening.ts";
import { environment } from "../../../services/contract/environment.ts";
import { image } from "../../../services/contract/image.ts";
import { labels, names } from "../../../services/contract/names.ts";
import { ports } from "../../../services/contract/ports.ts";
import { printed, succeed, type TestStack } from "../stack.ts";

/** What became of a guest's requests: see guests.mjs. */
export interface Ledger {
  readonly asked: number;
  readonly answered: number;
  readonly failed: number;
  /** `answered`, or the last error's message. */
  readonly last: string;
}

/** How a guest connects. */
export type Manner = "stays" | "comesAnew";

const pod = "guests";
const folder = "/keys";
const patience = { timeout: 120_000, interval: 500 };

/** Clients in the cluster with keys of their own, made by `npm run clients`, and one, `stack`, that has the stack's. */
export class Guests {
  readonly #stack: TestStack;

  private constructor(stack: TestStack) {
    this.#stack = stack;
  }

  static async start(stack: TestStack, reference: string): Promise<Guests> {
    const program = readFileSync(join(import.meta.dirname, "guests.mjs"), "utf8");
    const { env, volumes, volumeMounts } = probeCurve({ curve: { enabled: true } });
    const container = {
      name: pod,
      image: reference,
      command: [image.node, "--input-type=module", "--eval", program],
      env: [...env, { name: environment.frontendEndpoint.name, value: `tcp://${names.brokerService}:${ports.frontend}` }],
      volumeMounts: [...volumeMounts, { name: "keys", mountPath: folder }],
      securityContext: hardenedContainer,
    };
    const spec = { ...hardenedPod, containers: [container], volumes: [...volumes, { name: "keys", emptyDir: { medium: "Memory" } }] };
    const object = { apiVersion: "v1", kind: "Pod", metadata: { name: pod, labels: { app: pod, [labels.client]: "true" } }, spec };
    await succeed(stack.kubectl(["apply", "-f", "-"], Buffer.from(JSON.stringify(object))));
    await succeed(stack.kubectl(["wait", "--for=condition=Ready", `pod/${pod}`, "--timeout=120s"]));
    return new Guests(stack);
  }

  /** Puts a file into the guests' folder, as a whole. NAME.keys makes NAME a guest; keys come by the way that no list of processes shows. */
  async give(file: string, content: string): Promise<void> {
    const program = `
      import { renameSync, writeFileSync } from "node:fs";
      import { text } from "node:stream/consumers";
      writeFileSync("${folder}/new", await text(process.stdin));
      renameSync("${folder}/new", "${folder}/${file}");`;
    await this.run(program, content);
  }

  /** What a program of Node's prints that runs among the guests. It may be TypeScript. */
  async run(program: string, input = ""): Promise<string> {
    const { exitCode, text, stdout } = await this.#stack.kubectl(
      ["exec", "-i", pod, "--", image.node, "--input-type=module-typescript", "--no-warnings", "--eval", program],
      Buffer.from(input),
    );
    expect(exitCode, text).toBe(0);
    return stdout.toString().trim();
  }

  /** Asks a service once, on a new connection. @returns `answered`, or why not */
  ask(name: string, service: string, timeoutMs = 30_000): Promise<string> {
    return this.run(`
      const { createClient } = await import("/app/client/client.ts");
      const client = createClient({ endpoints: [process.env.${environment.frontendEndpoint.name}!], curve: { file: "${folder}/${name}.keys" } });
      console.log(await client.request("${service}", "x", { timeoutMs: ${timeoutMs} }).then(() => "answered", ({ message }) => message));
      client.close();`);
  }

  async ledger(name: string, manner: Manner): Promise<Ledger> {
    const lines = (await printed(this.#stack.kubectl(["logs", pod, "--tail=1"]))).trim();
    const ledger = (JSON.parse(lines) as Record<string, Record<Manner, Ledger>>)[name]?.[manner];
    if (ledger === undefined) throw new Error(`${name} is no guest yet`);
    return ledger;
  }

  /** Waits until requests that were not yet begun now are answered. */
  async areAnswered(name: string, ...manners: readonly Manner[]): Promise<void> {
    for (const manner of manners) {
      const before = await vi.waitFor(() => this.ledger(name, manner), patience);
      await vi.waitFor(async () => {
        const now = await this.ledger(name, manner);
        expect(now, `${name} ${manner}`).toMatchObject({ last: "answered" });
        expect(now.answered, `${name} ${manner}`).toBeGreaterThan(before.answered + 1);
      }, patience);
    }
  }

  /** Waits until who connects with a guest's keys is refused for a reason. */
  async newcomerIsRefused(name: string, reason: string): Promise<void> {
    await vi.waitFor(async () => expect(await this.ask(name, "echo", 3_000), name).toContain(reason), patience);
  }

  /** Waits until the connection that stayed has ended, and no other comes about, for a reason. */
  async isCutOff(name: string, reason: string): Promise<void> {
    await vi.waitFor(async () => expect((await this.ledger(name, "stays")).last, name).toContain(reason), patience);
  }
}
