import { names, secretKeys } from "../../services/contract/names.ts";
import { image } from "../../services/contract/image.ts";
import { parsePeerKeys, type PeerKeys } from "../../services/transport/peer-keys.ts";
import { printed, succeed, type TestStack } from "./stack.ts";

/** Whose it is, and the secret half of their key. */
export type SecretHalves = ReadonlyMap<string, string>;

async function secretText(stack: TestStack, name: string, key: string): Promise<string> {
  const secret = (await stack.list("secrets")).find(({ metadata }) => metadata.name === name);
  return Buffer.from(secret.data[key], "base64").toString();
}

/** The keys of the workers, or of the stack's own client. */
export async function peerKeys(stack: TestStack, name: string): Promise<PeerKeys> {
  return parsePeerKeys(name, await secretText(stack, name, secretKeys.curvePeer));
}

/** Of every key that the stack has now. */
export async function secretHalves(stack: TestStack): Promise<SecretHalves> {
  const pairs = (await secretText(stack, names.secret, secretKeys.curvePairs))
    .trim()
    .split("\n")
    .map((line) => line.split(" ") as [string, string]);
  const { stdout } = await stack.pulumi(["stack", "output", "clientKeys", "--json", "--show-secrets"]);
  const clients = Object.entries(JSON.parse(stdout.toString()) as Record<string, { CURVE_PUBLIC_KEY: string; CURVE_SECRET_KEY: string }>);
  return new Map([
    ...pairs.map(([publicKey, secretKey]): [string, string] => [`the brokers' ${publicKey}`, secretKey]),
    ["the workers'", (await peerKeys(stack, names.workerKeysSecret)).secretKey],
    ["the stack's own client's", (await peerKeys(stack, names.probeKeysSecret)).secretKey],
    ...clients.map(([name, keys]): [string, string] => [`${name}'s ${keys.CURVE_PUBLIC_KEY}`, keys.CURVE_SECRET_KEY]),
  ]);
}

/** What whoever may not read Secrets sees of a stack, place by place. */
export async function shown(stack: TestStack): Promise<Map<string, string>> {
  const everything = "pods,jobs,deployments,statefulsets,configmaps,services,events";
  const places = new Map([
    ["the exported state", await succeed(stack.pulumi(["stack", "export"]))],
    ["the outputs", await succeed(stack.pulumi(["stack", "output", "--json"]))],
    ["what kubectl shows", await succeed(stack.kubectl(["get", everything, "-o", "json"]))],
  ]);
  const pods = (await stack.list("pods")).filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  for (const { metadata, status } of pods) {
    places.set(`the log of ${metadata.name}`, await succeed(stack.kubectl(["logs", metadata.name])));
    if (status.phase === "Running") places.set(`the processes of ${metadata.name}`, await commandLines(stack, metadata.name));
  }
  return places;
}

/** The command line of each process in a pod of our images. */
async function commandLines(stack: TestStack, pod: string): Promise<string> {
  const program = `
    import { globSync, readFileSync } from "node:fs";
    for (const file of globSync("/proc/[0-9]*/cmdline")) console.log(readFileSync(file, "utf8").replaceAll("\\0", " "));`;
  const text = await printed(stack.kubectl(["exec", pod, "--", image.node, "--input-type=module", "--no-warnings", "--eval", program]));
  if (!text.includes(image.node)) throw new Error(`${pod} shows no process:\n${text}`);
  return text;
}

/** Where somebody's secret half can be read: as it is, as a text of JSON, or in base64 at any place of something longer. */
export function findings(halves: SecretHalves, places: ReadonlyMap<string, string>): string[] {
  return [...halves].flatMap(([whose, key]) => {
    const encoded = [0, 1, 2].map((before) =>
      Buffer.concat([Buffer.alloc(before), Buffer.from(key)])
        .toString("base64")
        .slice(4, 52),
    );
    const forms = [key, JSON.stringify(key).slice(1, -1), ...encoded];
    return [...places].filter(([, text]) => forms.some((form) => text.includes(form))).map(([place]) => `${whose} in ${place}`);
  });
}
