import { group, text } from "./values.ts";

const cpu = () => text(/^([1-9]\d*m|\d+(\.\d{1,3})?)$/, "processor time such as 100m or 0.5");
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
