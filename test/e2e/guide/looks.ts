import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, vi } from "vitest";
import { type Color, names, otherColor } from "../../../services/contract/names.ts";
import { selected } from "../brokers.ts";
import { succeed } from "../stack.ts";
import type { Cast } from "./chapter.ts";

/** So that all pods have room on a node of two processors, and a few of them at a time start quickly. */
export const resources = { requests: { cpu: "20m" }, limits: { cpu: "1" } };

const patience = { timeout: 180_000, interval: 1_000 };

export async function outputs({ reader }: Cast): Promise<Record<string, any>> {
  return JSON.parse((await reader.pulumi(["stack", "output", "--json"])).stdout.toString());
}

/** Waits until a Deployment has as many pods as it should, all of them ready. */
export async function ready({ reader }: Cast, deployment: string, replicas: number): Promise<void> {
  await vi.waitFor(async () => {
    const { spec, status } = (await reader.list("deployments")).find(({ metadata }) => metadata.name === deployment);
    expect({ deployment, asked: spec.replicas, there: status.replicas, ready: status.readyReplicas }).toEqual({
      deployment,
      asked: replicas,
      there: replicas,
      ready: replicas,
    });
  }, patience);
}

/** Both Services for clients lead to a colour, and its brokers and the others' are as many as they should be. */
export async function activeIs(cast: Cast, color: Color, replicas: number): Promise<void> {
  expect(await selected(cast.reader)).toEqual([color, color]);
  await ready(cast, names.brokerDeployment(color), replicas);
  await ready(cast, names.brokerDeployment(otherColor(color)), 1);
}

/** Brokers and workers, each with how often it was begun anew. */
export async function pods({ reader }: Cast): Promise<string[]> {
  const all = await reader.list("pods", `app in (${names.brokerApp},${names.workerApp})`);
  return all.map(({ metadata, status }) => `${metadata.name} ${status.containerStatuses[0].restartCount}`).sort();
}

/** The line of `npm run status` about the active colour. */
export const statusOf = (color: Color, replicas: number): RegExp =>
  new RegExp(`^active +${color} +0\\.1\\.0 +${replicas} brokers, \\d+ clients, \\d+ requests`, "m");

/** A file of the reader's. */
export const inFile = ({ reader }: Cast, file: string): string => readFileSync(join(reader.checkout, file), "utf8");

/** The reader hands a client its keys. */
export async function handOver(cast: Cast, name: string): Promise<string> {
  await succeed(cast.reader.types(`npm run --silent clients -- keys ${name} > ${name}.keys`));
  const keys = inFile(cast, `${name}.keys`);
  await cast.guests().give(`${name}.keys`, keys);
  return keys;
}

export const notAdmitted = "does not admit our key (400)";
