import { expect, test } from "vitest";
import { differences, touches } from "../../local/standin/property-diff.ts";

const of = (before: unknown, after: unknown) => Object.fromEntries(differences(before, after));

test("equal values have no differences, whatever the order of their keys", () => expect(of({ a: 1, b: [{}] }, { b: [{}], a: 1 })).toEqual({}));

test("a change is told by the path of the innermost value", () =>
  expect(of({ spec: { containers: [{ image: "a:1", name: "c" }] } }, { spec: { containers: [{ image: "a:2", name: "c" }] } })).toEqual({
    "spec.containers[0].image": "update",
  }));

test("added and deleted keys and elements are told as such", () =>
  expect(of({ a: [1, 2], b: 1 }, { a: [1], c: 1 })).toEqual({ "a[1]": "delete", b: "delete", c: "add" }));

test("a key that is no identifier is quoted", () =>
  expect(of({ metadata: {} }, { metadata: { labels: { "app.kubernetes.io/name": "x" } } })).toEqual({ "metadata.labels": "add" }));

test("a quoted key of an existing map is a path of its own", () =>
  expect(of({ labels: { "a/b": 1 } }, { labels: { "a/b": 2 } })).toEqual({ 'labels["a/b"]': "update" }));

test("a change touches the field itself, what is inside, and what is around, but no namesake", () => {
  expect(["spec.selector", "spec.selector.matchLabels.app", "spec.selector[0]", "spec"].every((path) => touches(path, "spec.selector"))).toBe(true);
  expect(touches("spec.selectors", "spec.selector")).toBe(false);
});
