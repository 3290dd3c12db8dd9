import { describe, expect, test } from "vitest";
import { differences } from "../../local/standin/property-diff.ts";
import { importable, observed } from "../../local/standin/kubernetes/live-state.ts";

const drift = (inputs: unknown, live: unknown) => [...differences(observed(inputs, live), inputs).keys()];

describe("an object that nobody changed shows no drift", () => {
  test("although the cluster added fields", () =>
    expect(drift({ spec: { ports: [{ port: 80 }] } }, { spec: { ports: [{ port: 80, protocol: "TCP" }], clusterIP: "10.0.0.1" }, status: {} })).toEqual([]));

  test("although the cluster left out what says nothing", () =>
    expect(drift({ spec: { hostNetwork: false, ingress: [], nodeSelector: {}, env: [{ name: "A", value: "" }] } }, { spec: { env: [{ name: "A" }] } })).toEqual(
      [],
    ));

  test.each([
    ["1000m", "1"],
    ["0.5", "500m"],
    ["1024Mi", "1Gi"],
    [2, "2"],
  ])("although it writes the quantity %s as %s", (input, live) =>
    expect(drift({ resources: { limits: { cpu: input } } }, { resources: { limits: { cpu: live } } })).toEqual([]),
  );

  test("although a Secret's text comes back in base64", () =>
    expect(drift({ kind: "Secret", stringData: { a: "x" } }, { kind: "Secret", data: { a: "eA==", other: "eA==" } })).toEqual([]));
});

describe("drift is seen", () => {
  test("in a changed value", () => expect(drift({ spec: { replicas: 1 } }, { spec: { replicas: 4 } })).toEqual(["spec.replicas"]));

  test("in a field that is gone", () => expect(drift({ spec: { replicas: 1 } }, { spec: {} })).toEqual(["spec.replicas"]));

  test("in an element that somebody added to a list", () => expect(drift({ args: ["a"] }, { args: ["a", "b"] })).toEqual(["args[1]"]));

  test("in text that only looks like a quantity", () => expect(drift({ env: [{ value: "1000m" }] }, { env: [{ value: "1" }] })).toEqual(["env[0].value"]));

  test("in a Secret's text", () =>
    expect(drift({ kind: "Secret", stringData: { a: "x" } }, { kind: "Secret", data: { a: "eQ==" } })).toEqual(["stringData.a"]));
});

test("an import takes no bookkeeping of the cluster", () =>
  expect(importable({ kind: "ConfigMap", metadata: { name: "a", uid: "u", resourceVersion: "1", managedFields: [] }, data: {}, status: {} })).toEqual({
    kind: "ConfigMap",
    metadata: { name: "a" },
    data: {},
  }));
