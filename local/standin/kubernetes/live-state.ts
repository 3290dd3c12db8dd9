// Part of the stand-in for Pulumi's Kubernetes plugin. The inputs as the cluster holds them now, without what it added.

import { isDeepStrictEqual } from "node:util";
import { type Properties, isObject } from "../property-values.ts";

const factors: Record<string, number> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

function quantity(value: unknown): number | undefined {
  const [, number, suffix] = /^([+-]?[\d.]+)([numkMGTPE]|[KMGTPE]i)?$/.exec(String(value)) ?? [];
  return number === undefined ? undefined : Number(number) * factors[suffix ?? ""]!;
}

/** Fields that the API server rewrites: "1000m" comes back as "1". */
const quantities = /\.(limits|requests|hard|capacity|overhead)\.|\.(averageValue|sizeLimit|divisor|target\.value)$/;

/** What the API server leaves out of its answer as if it had not been said. */
const isZero = (value: unknown) => [false, 0, "", null].includes(value as null) || isDeepStrictEqual(value, []) || isDeepStrictEqual(value, {});

export function observed(inputs: any, live: any, path = ""): any {
  if (live === undefined) return isZero(inputs) ? inputs : undefined;
  if (isObject(inputs) && isObject(live)) {
    const stored = path === "" && live.kind === "Secret" && inputs.stringData ? { ...live, stringData: decoded(live.data) } : live;
    return Object.fromEntries(
      Object.entries(inputs)
        .map(([key, value]) => [key, observed(value, stored[key], `${path}.${key}`)])
        .filter(([, value]) => value !== undefined),
    );
  }
  if (Array.isArray(inputs) && Array.isArray(live))
    return live.map((value, index) => (index in inputs ? observed(inputs[index], value, `${path}[${index}]`) : value));
  return quantities.test(path) && quantity(inputs) !== undefined && quantity(inputs) === quantity(live) ? inputs : live;
}

const decoded = (data: Properties = {}) => Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value, "base64").toString()]));

/** What an import takes as inputs: all that is no bookkeeping of the cluster. */
export function importable({ status: _status, ...live }: Properties): Properties {
  const { creationTimestamp: _1, generation: _2, resourceVersion: _3, uid: _4, managedFields: _5, ...metadata } = live.metadata;
  return { ...live, metadata };
}
