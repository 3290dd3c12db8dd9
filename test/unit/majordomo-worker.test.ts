import { describe, expect, test } from "vitest";
import { formOf } from "../../services/majordomo/message.ts";
import { decodeFromWorker, encodeWorkerMessage } from "../../services/majordomo/worker.ts";
import type { WorkerMessage } from "../../services/majordomo/worker.ts";
import { frames, texts } from "./frames.ts";

describe("a worker's malformed message is named, never thrown", () => {
  test.each([
    ["no frame at all", [], "header"],
    ["a client's header", ["MDPC02", "\x01", "echo"], "header"],
    ["a header without a command", ["", "MDPW01"], "command"],
    ["an empty command", ["MDPW02", ""], "command"],
    ["command 6 of MDP/0.1, which has five", ["", "MDPW01", "\x06"], "command"],
    ["command 0", ["MDPW02", "\x00"], "command"],
    ["a REQUEST from a worker", ["MDPW02", "\x02", "client", "", "body"], "command"],
    ["READY without a service", ["MDPW02", "\x01"], "service"],
    ["READY with a service that cannot be printed", ["MDPW02", "\x01", "\x00"], "service"],
    ["READY with a frame too many", ["MDPW02", "\x01", "echo", "more"], "end"],
    ["a reply without an address", ["MDPW02", "\x04", "", "body"], "address"],
    ["a reply with nothing at all", ["MDPW02", "\x04"], "address"],
    ["a reply without the empty frame", ["MDPW02", "\x04", "client", "body"], "delimiter"],
    ["a reply without a body", ["MDPW02", "\x04", "client", ""], "body"],
  ])("%s", (_, given, where) => {
    expect(decodeFromWorker(frames(given))).toMatchObject({ kind: "problem", where, what: expect.stringMatching(/./) });
  });
});

describe("the codes of both versions", () => {
  const v1 = formOf("0.1", true);
  const v2 = formOf("0.2", false);
  const address = frames(["client"]);
  const body = frames(["a", "", "b"]);

  test.each<[string, WorkerMessage, string[]]>([
    ["READY 0.1", { kind: "ready", form: v1, service: "echo" }, ["", "MDPW01", "\x01", "echo"]],
    ["REQUEST 0.1", { kind: "request", form: v1, address, body }, ["", "MDPW01", "\x02", "client", "", "a", "", "b"]],
    ["REPLY 0.1", { kind: "final", form: v1, address, body }, ["", "MDPW01", "\x03", "client", "", "a", "", "b"]],
    ["HEARTBEAT 0.1", { kind: "heartbeat", form: v1 }, ["", "MDPW01", "\x04"]],
    ["DISCONNECT 0.1", { kind: "disconnect", form: v1 }, ["", "MDPW01", "\x05"]],
    ["READY 0.2", { kind: "ready", form: v2, service: "echo" }, ["MDPW02", "\x01", "echo"]],
    ["REQUEST 0.2", { kind: "request", form: v2, address, body }, ["MDPW02", "\x02", "client", "", "a", "", "b"]],
    ["PARTIAL 0.2", { kind: "partial", form: v2, address, body }, ["MDPW02", "\x03", "client", "", "a", "", "b"]],
    ["FINAL 0.2", { kind: "final", form: v2, address, body }, ["MDPW02", "\x04", "client", "", "a", "", "b"]],
    ["HEARTBEAT 0.2", { kind: "heartbeat", form: v2 }, ["MDPW02", "\x05"]],
    ["DISCONNECT 0.2", { kind: "disconnect", form: v2 }, ["MDPW02", "\x06"]],
  ])("%s", (_, message, wire) => {
    expect(texts(encodeWorkerMessage(message))).toEqual(wire);
    if (message.kind !== "request") expect(decodeFromWorker(frames(wire))).toEqual(message);
  });

  test("an address of several frames ends at the first empty one", () => {
    expect(decodeFromWorker(frames(["MDPW02", "\x04", "a", "b", "", "", "body"]))).toMatchObject({ address: frames(["a", "b"]), body: frames(["", "body"]) });
  });

  test("MDP/0.1 has no partial reply to send", () => {
    expect(() => encodeWorkerMessage({ kind: "partial", form: v1, address, body })).toThrow(RangeError);
  });
});
