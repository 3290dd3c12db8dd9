import { describe, expect, test } from "vitest";
import { hasUnknown, isSecret, markSecrets, reveal, secret } from "../../local/standin/property-values.ts";

describe("secrets", () => {
  test("a revealed value has no marks at any depth", () => expect(reveal({ a: secret({ b: [secret("x")] }) })).toEqual({ a: { b: ["x"] } }));

  test("what was secret in the inputs is secret at the same place of the state", () => {
    const marked = markSecrets({ data: { k: "v", n: "1" }, kind: "ConfigMap" }, { data: { k: secret("v"), n: "1" } });
    expect([isSecret(marked.data.k), isSecret(marked.data.n), isSecret(marked.kind)]).toEqual([true, false, false]);
  });

  test("a secret inside a list marks its element, and the whole list where the lengths differ", () => {
    const model = { env: [{ value: "a" }, { value: secret("b") }] };
    expect(isSecret(markSecrets({ env: [{ value: "a" }, { value: "b" }] }, model).env[1].value)).toBe(true);
    expect(isSecret(markSecrets({ env: [{ value: "b" }] }, model).env)).toBe(true);
  });

  test("no plain text is left where the state has another shape than the inputs", () =>
    expect(isSecret(markSecrets({ auth: "u:p" }, { auth: { password: secret("p") } }).auth)).toBe(true));

  test("marking twice marks once", () => expect(secret(secret("x"))).toEqual(secret("x")));
});

test("an unknown value is found at any depth", () => {
  expect(hasUnknown({ spec: { ports: [{ port: "04da6b54-80e4-46f7-96ec-b56ff0331ba9" }] } })).toBe(true);
  expect(hasUnknown({ spec: { ports: [{ port: 80 }], none: null } })).toBe(false);
});
