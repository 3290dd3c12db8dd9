import { expect, test } from "vitest";
import { leftToOthers } from "../../local/standin/kubernetes/managers.ts";

const inputs = { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "w" }, spec: { replicas: 3, template: { a: 1 } } };
const live = (...managers: string[]) => ({
  metadata: { managedFields: managers.map((manager) => ({ manager, fieldsV1: { "f:spec": { "f:replicas": {} } } })) },
  spec: { replicas: 8 },
});
const sent = (...managers: string[]) => leftToOthers(inputs, live(...managers), "us", ["spec.replicas"]).spec;

test("an ignored field that another manager moves is not sent", () => expect(sent("hpa")).toEqual({ template: { a: 1 } }));
test("one that is ours stays as the cluster has it", () => expect(sent("us")).toEqual({ replicas: 8, template: { a: 1 } }));
test("one that is ours, too, is not given up", () => expect(sent("us", "hpa").replicas).toBe(8));
test("one that nobody owns stays as the cluster has it", () => expect(sent().replicas).toBe(8));
test("what is not ignored is sent as it is, and the inputs stay as they were", () => {
  expect(leftToOthers(inputs, live("hpa"), "us", [])).toEqual(inputs);
  expect(inputs.spec.replicas).toBe(3);
});
