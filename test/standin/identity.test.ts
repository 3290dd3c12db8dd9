import { describe, expect, test } from "vitest";
import { isClusterScoped, kindOf, named } from "../../local/standin/kubernetes/identity.ts";
import { isAutonamed } from "../../local/standin/kubernetes/replacement.ts";

const seed = { name: "settings", randomSeed: new Uint8Array([1, 2, 3]) };

test("the type tells apiVersion and kind, with the core group unnamed", () => {
  expect(kindOf("kubernetes:core/v1:ConfigMap")).toEqual({ apiVersion: "v1", kind: "ConfigMap" });
  expect(kindOf("kubernetes:networking.k8s.io/v1:NetworkPolicy")).toEqual({ apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy" });
});

describe("names", () => {
  test("an object with a name keeps it and is not marked", () => {
    const object = { metadata: { name: "mine" } };
    expect(named(object, {}, seed)).toBe(object);
  });

  test("an object without one gets its resource's name and eight hexadecimal digits", () => {
    const object = named({}, {}, seed);
    expect(object.metadata.name).toMatch(/^settings-[0-9a-f]{8}$/);
    expect(isAutonamed(object)).toBe(true);
  });

  test("the name stays the same from update to update", () => {
    const first = named({}, {}, seed);
    expect(named({ metadata: { labels: { a: "b" } } }, first, { ...seed, randomSeed: new Uint8Array([9]) }).metadata.name).toBe(first.metadata.name);
  });

  test("the name of an object that the user named is not inherited", () =>
    expect(named({}, { metadata: { name: "mine" } }, seed).metadata.name).not.toBe("mine"));

  test("two resources of one update have different names", () =>
    expect(named({}, {}, seed).metadata.name.slice(-8)).not.toBe(named({}, {}, { ...seed, name: "other" }).metadata.name.slice(-8)));
});

test("without a cluster to ask, the built-in cluster-scoped kinds are known", () => {
  expect(["Namespace", "ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition", "PriorityClass", "APIService"].every(isClusterScoped)).toBe(true);
  expect(["ConfigMap", "Role", "RoleBinding", "NetworkPolicy", "PersistentVolumeClaim"].some(isClusterScoped)).toBe(false);
});
