import { versions } from "../../local/versions.ts";
import type { TestStack } from "./stack.ts";

const folder = "/var/lib/zeromq-stack-test";
export const storageClass = "zeromq-stack-test";

/** Volumes for claims on clusters that make none by themselves: folders of the one node. */
export class Volumes {
  readonly #stack: TestStack;
  readonly #name: string;
  #made = 0;

  constructor(stack: TestStack) {
    this.#stack = stack;
    this.#name = `${stack.name}-volumes`;
  }

  /** An empty volume for a claim of the stack. */
  async make(claim: string, size: string): Promise<void> {
    const place = `${this.#stack.name}-${(this.#made += 1)}`;
    await this.#onNode(`mkdir -p /volumes/${place}`);
    const [node] = await this.#stack.list("nodes");
    await this.#apply({
      apiVersion: "v1",
      kind: "PersistentVolume",
      metadata: { name: place, labels: { app: this.#name } },
      spec: {
        capacity: { storage: size },
        accessModes: ["ReadWriteOnce"],
        persistentVolumeReclaimPolicy: "Retain",
        storageClassName: storageClass,
        claimRef: { namespace: this.#stack.namespace, name: claim },
        // Unlike `hostPath`, one of this kind is given to the pod's group.
        local: { path: `${folder}/${place}` },
        nodeAffinity: {
          required: {
            nodeSelectorTerms: [
              { matchExpressions: [{ key: "kubernetes.io/hostname", operator: "In", values: [node.metadata.labels["kubernetes.io/hostname"]] }] },
            ],
          },
        },
      },
    });
  }

  /** With all that is on them. */
  async lose(): Promise<void> {
    await this.#stack.kubectl(["delete", "persistentvolumes", "-l", `app=${this.#name}`]);
    await this.#onNode(`rm -rf /volumes/${this.#stack.name}-*`);
  }

  /** Runs a line as root where the folders are: outside of the stack's namespace, which admits no such pod. */
  async #onNode(line: string): Promise<void> {
    const inDefault = (...args: string[]) => this.#stack.kubectl([...args, "--namespace", "default"]);
    await inDefault("delete", "pod", this.#name, "--ignore-not-found");
    await this.#apply({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: this.#name },
      spec: {
        restartPolicy: "Never",
        containers: [
          {
            name: "shell",
            image: `${this.#stack.imageRegistry}/${versions.baseImage}`,
            command: ["sh", "-euc", line],
            volumeMounts: [{ name: "volumes", mountPath: "/volumes" }],
          },
        ],
        volumes: [{ name: "volumes", hostPath: { path: folder, type: "DirectoryOrCreate" } }],
      },
    });
    const { exitCode, text } = await inDefault("wait", "--for=jsonpath={.status.phase}=Succeeded", `pod/${this.#name}`, "--timeout=180s");
    if (exitCode !== 0) throw new Error(`${line}: ${text} ${(await inDefault("logs", this.#name)).text}`);
    await inDefault("delete", "pod", this.#name);
  }

  async #apply(object: object): Promise<void> {
    const { exitCode, text } = await this.#stack.kubectl(["apply", "-f", "-", "--namespace", "default"], Buffer.from(JSON.stringify(object)));
    if (exitCode !== 0) throw new Error(text);
  }
}
