import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { expect, vi } from "vitest";
import { probeCurve } from "../../infra/specs/curveMounts.ts";
import { hardenedContainer, hardenedPod } from "../../infra/specs/hardening.ts";
import type { Report } from "../../services/client/ledger.ts";
import { command, image } from "../../services/contract/image.ts";
import { labels, names } from "../../services/contract/names.ts";
import { ports } from "../../services/contract/ports.ts";
import { ownCheckout, type TestStack } from "./stack.ts";

/** What a plain client's program counts: see plain-client/client.mjs. */
export interface PlainLedger {
  readonly sent: number;
  readonly replied: number;
  readonly retried: number;
  readonly wrong: number;
  readonly unanswered: number;
}

/** What became of the requests of our clients and of plain ones. */
export interface Ledgers {
  readonly ours: Report;
  readonly plain: readonly PlainLedger[];
}

/** Every request of ours has its one right reply, every plain client every answer. */
export function expectNothingLost({ ours, plain }: Ledgers): void {
  expect(ours.sent).toBeGreaterThan(100);
  expect(ours).toMatchObject({ replied: ours.sent, failed: {}, duplicated: 0, wrong: 0 });
  expectPlainAnswered(plain);
}

export function expectPlainAnswered(plain: readonly PlainLedger[]): void {
  for (const one of plain) {
    expect(one.sent).toBeGreaterThan(100);
    expect(one).toMatchObject({ replied: one.sent, wrong: 0, unanswered: 0 });
  }
}

/** A line for ours and one for each plain client's, as a person reads them. */
export function ledgersText({ ours: { sent, replied, failed, duplicated, wrong, latencyMs }, plain }: Ledgers): string {
  const ours = JSON.stringify({ sent, replied, failed, duplicated, wrong, overheadMs: latencyMs });
  return [`  ours   ${ours}`, ...plain.map((one, index) => `  MDP/0.${index + 1}  ${JSON.stringify(one)}`)].join("\n");
}

/** A client in the cluster that sends until it is told to end, and then says what became of each request. */
export class LoadPod<Ledger> {
  readonly name: string;
  readonly #stack: TestStack;

  private constructor(stack: TestStack, name: string) {
    this.#stack = stack;
    this.name = name;
  }

  /** The load generator of our own command line. */
  static ours(stack: TestStack, name: string, reference: string, args: readonly string[]): Promise<LoadPod<Report>> {
    return LoadPod.#start<Report>(stack, name, reference, command("client", "load", "--json", "--duration-seconds", "3600", ...args));
  }

  /** A libzmq client with the guide's retries. */
  static plain(stack: TestStack, name: string, reference: string, args: readonly string[]): Promise<LoadPod<PlainLedger>> {
    return LoadPod.#start<PlainLedger>(stack, name, reference, ["node", "/app/client.mjs", ...args]);
  }

  static async #start<Ledger>(stack: TestStack, name: string, reference: string, program: readonly string[]): Promise<LoadPod<Ledger>> {
    const { env, volumes, volumeMounts } = probeCurve({ curve: { enabled: true } });
    const pod = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name, labels: { app: "load", [labels.client]: "true" } },
      spec: {
        ...hardenedPod,
        restartPolicy: "Never",
        containers: [{ name: "load", image: reference, command: program, env, volumeMounts, securityContext: hardenedContainer }],
        volumes,
      },
    };
    const { exitCode, text } = await stack.kubectl(["apply", "-f", "-"], Buffer.from(JSON.stringify(pod)));
    expect(exitCode, text).toBe(0);
    const ready = await stack.kubectl(["wait", "--for=condition=Ready", `pod/${name}`, "--timeout=60s"]);
    expect(ready.exitCode, ready.text).toBe(0);
    return new LoadPod<Ledger>(stack, name);
  }

  /** Ends it: what is outstanding is waited for. */
  async ledger(): Promise<Ledger> {
    const node = this.name.startsWith("plain") ? "node" : image.node;
    await this.#stack.kubectl(["exec", this.name, "--", node, "--eval", "process.kill(1, 'SIGINT')"]);
    await vi.waitFor(
      async () => {
        const { stdout } = await this.#stack.kubectl(["get", "pod", this.name, "-o", "jsonpath={.status.phase}"]);
        expect(["Succeeded", "Failed"]).toContain(stdout.toString());
      },
      { timeout: 120_000, interval: 500 },
    );
    const { stdout } = await this.#stack.kubectl(["logs", this.name]);
    await this.#stack.kubectl(["delete", "pod", this.name, "--wait=false"]);
    return JSON.parse(stdout.toString().trim().split("\n").at(-1)!) as Ledger;
  }
}

const frontend = `tcp://${names.brokerService}:${ports.frontend}`;

/** Clients of ours, each with a connection of its own; their requests take from a millisecond to `longestMs`, a fifth of them in parts. */
export function mixedLoad(stack: TestStack, name: string, reference: string, connections: number, longestMs: number): Promise<LoadPod<Report>> {
  const args = `--address ${frontend} --service work --connections ${connections} --concurrency 3 --work-ms 1-${longestMs} --parts-percent 20 --timeout-ms 90000`;
  return LoadPod.ours(stack, name, reference, args.split(" "));
}

/** So many plain clients of each version. */
export function plainLoads(stack: TestStack, suffix: string, reference: string, clients: number): Promise<LoadPod<PlainLedger>[]> {
  return Promise.all(
    ["0.1", "0.2"].map((version) => LoadPod.plain(stack, `plain-${version.replace(".", "-")}${suffix}`, reference, [frontend, version, String(clients)])),
  );
}

/** Builds the plain client's image from the libzmq of this checkout, and pushes it where the stack's own are. @returns its reference */
export async function plainClientImage(stack: TestStack, registry: string, imageRegistry: string): Promise<string> {
  const context = mkdtempSync(join(tmpdir(), "zeromq-stack-plain-"));
  try {
    cpSync(join(import.meta.dirname, "plain-client"), context, { recursive: true });
    for (const name of ["zeromq", "cmake-ts"]) cpSync(join(ownCheckout, "node_modules", name), join(context, "node_modules", name), { recursive: true });
    for (const platform of ["darwin", "win32"]) rmSync(join(context, "node_modules/zeromq/build", platform), { recursive: true, force: true });
    const reference = `${registry}/zeromq-stack-plain-client:test`;
    const options = { env: { ...stack.env, DOCKER_BUILDKIT: "0" }, all: true, stdin: "ignore" } as const;
    await execa("docker", ["build", "--tag", reference, "--build-arg", `IMAGE_REGISTRY=${imageRegistry}`, context], options);
    await execa("docker", ["push", reference], options);
    // By digest: a node that has an older image under the tag would run that one.
    const { stdout } = await execa("docker", ["image", "inspect", "--format", "{{index .RepoDigests 0}}", reference], { env: stack.env });
    return stdout;
  } finally {
    rmSync(context, { recursive: true, force: true });
  }
}
