import type { z } from "zod";
import type { Problem } from "./problems.ts";
import { group, text } from "./values.ts";

const cpu = () => text(/^(?=.*[1-9])(\d+m|\d+(\.\d{1,3})?)$/, "processor time such as 100m or 0.5");
const memory = () => text(/^[1-9]\d*(Ki|Mi|Gi)$/, "memory such as 128Mi or 1Gi");

interface Amounts {
  readonly cpu: string;
  readonly memory: string;
}

function amounts(defaults: Amounts) {
  return group({
    cpu: cpu().default(defaults.cpu).describe("Processor time of one container."),
    memory: memory().default(defaults.memory).describe("Memory of one container."),
  }).prefault({});
}

/** What a container asks of its node and what it may not exceed. */
export function resources(defaults: { readonly requests: Amounts; readonly limits: Amounts }) {
  return group({
    requests: amounts(defaults.requests).describe("What the scheduler reserves."),
    limits: amounts(defaults.limits).describe("What the container may not exceed."),
  }).prefault({});
}

const bytes: Record<string, number> = { Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30 };

/** An amount as Kubernetes counts it: cores or bytes. */
function quantity(amount: string): number {
  const [, number, unit = ""] = /^([\d.]+)(\D*)$/.exec(amount) ?? [];
  // A division, since 700 * 0.001 is more than 0.7.
  return unit === "m" ? Number(number) / 1000 : Number(number) * (bytes[unit] ?? 1);
}

/** An amount of memory in MiB. */
export function memoryMebibytes(amount: string): number {
  return quantity(amount) / 2 ** 20;
}

/** Where a container asks for more than it may have; Kubernetes refuses it. */
export function resourceProblems(key: string, { requests, limits }: z.output<ReturnType<typeof resources>>): Problem[] {
  return (["cpu", "memory"] as const)
    .filter((kind) => quantity(requests[kind]) > quantity(limits[kind]))
    .map((kind) => ({
      key: `${key}.requests.${kind}`,
      message: `"${requests[kind]}" found; allowed: at most limits.${kind}, which is ${limits[kind]}`,
    }));
}
