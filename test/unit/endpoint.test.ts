import { describe, expect, test } from "vitest";
import { localEndpoint, parseEndpoint } from "../../services/transport/endpoint.ts";
import { resolveEndpoint } from "../../services/transport/resolve.ts";

describe("an endpoint", () => {
  test.each([
    "",
    "localhost:5555",
    "tcp://localhost",
    "tcp://:5555",
    "tcp://localhost:0",
    "tcp://localhost:65536",
    "tcp://a b:1",
    "ipc:///tmp/x",
    "tcp://localhost:5555/x",
    "tcp://[::1]:5555",
  ])("is not %j", (text) => expect(parseEndpoint(text)).toBeUndefined());

  test.each([
    ["tcp://*:5555", { host: "*", port: 5555 }],
    ["tcp://zeromq-broker-headless.zeromq.svc:5556", { host: "zeromq-broker-headless.zeromq.svc", port: 5556 }],
  ])("%s has its parts", (text, parts) => expect(parseEndpoint(text)).toEqual(parts));

  test.each([
    ["tcp://*:5555", "tcp://127.0.0.1:5555"],
    ["tcp://0.0.0.0:5555", "tcp://127.0.0.1:5555"],
    ["tcp://10.0.0.7:5555", "tcp://10.0.0.7:5555"],
  ])("%s is reached from its own host at %s", (bound, reached) => expect(localEndpoint(bound)).toBe(reached));
});

describe("resolving a name", () => {
  test("fails with the resolver's code", async () => {
    await expect(resolveEndpoint("tcp://nowhere.invalid:5556")).rejects.toMatchObject({ code: expect.stringMatching(/^(ENOTFOUND|EAI_AGAIN)$/) });
  });

  test("gives an endpoint for each address", async () => {
    expect(await resolveEndpoint("tcp://localhost:5556")).toEqual(["tcp://127.0.0.1:5556"]);
    expect(await resolveEndpoint("tcp://127.0.0.2:5556")).toEqual(["tcp://127.0.0.2:5556"]);
  });
});
