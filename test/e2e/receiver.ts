import { expect } from "vitest";
import { image } from "../../services/contract/image.ts";
import { hardenedContainer, hardenedPod } from "../../infra/specs/hardening.ts";
import type { TestStack } from "./stack.ts";

const name = "receiver";
const port = 8080;
const program = `
  import { createServer } from "node:http";
  import { text } from "node:stream/consumers";
  createServer(async (request, answer) => {
    const { alerts } = JSON.parse(await text(request));
    console.log(JSON.stringify({ path: request.url, alerts: alerts.map(({ status, labels, annotations }) => ({ status, labels, annotations })) }));
    answer.end();
  }).listen(${port});`;

interface Told {
  readonly path: string;
  readonly alerts: readonly {
    readonly status: "firing" | "resolved";
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  }[];
}

/** Where alerts are posted to: a pod that writes down what it is told. */
export class Receiver {
  readonly #stack: TestStack;

  constructor(stack: TestStack) {
    this.#stack = stack;
  }

  /** Its address before it is there. */
  static address(namespace: string, path: string): string {
    return `http://${name}.${namespace}:${port}/${path}`;
  }

  async start(reference: string): Promise<void> {
    const metadata = { name, labels: { app: name } };
    const container = { name, image: reference, command: [image.node, "--input-type=module", "--eval", program], securityContext: hardenedContainer };
    const objects = [
      { apiVersion: "v1", kind: "Pod", metadata, spec: { ...hardenedPod, containers: [container] } },
      { apiVersion: "v1", kind: "Service", metadata, spec: { selector: metadata.labels, ports: [{ port }] } },
    ];
    const { exitCode, text } = await this.#stack.kubectl(["apply", "-f", "-"], Buffer.from(JSON.stringify({ apiVersion: "v1", kind: "List", items: objects })));
    expect(exitCode, text).toBe(0);
    const ready = await this.#stack.kubectl(["wait", "--for=condition=Ready", `pod/${name}`, "--timeout=120s"]);
    expect(ready.exitCode, ready.text).toBe(0);
  }

  /** All that came in, in its order. */
  async told(): Promise<Told[]> {
    const { stdout, exitCode, text } = await this.#stack.kubectl(["logs", name]);
    if (exitCode !== 0) throw new Error(text);
    return stdout
      .toString()
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Told);
  }
}
