import { describe, expect, test } from "vitest";
import { decodeFromClient, encodeToClient } from "../../services/majordomo/client.ts";
import { formOf } from "../../services/majordomo/message.ts";
import { frames, texts } from "./frames.ts";

describe("a client's malformed message is named, never thrown", () => {
  test.each([
    ["no frame at all", [], "header"],
    ["only the empty frame", [""], "header"],
    ["an unknown header", ["MDPC03", "\x01", "echo", "body"], "header"],
    ["a worker's header", ["MDPW02", "\x01", "echo"], "header"],
    ["two empty frames before the header", ["", "", "MDPC01", "echo", "body"], "header"],
    ["a header without a command", ["MDPC02"], "command"],
    ["a command that is no client's", ["MDPC02", "\x03", "echo", "body"], "command"],
    ["a command of two bytes", ["MDPC02", "\x01\x01", "echo", "body"], "command"],
    ["no service", ["", "MDPC01"], "service"],
    ["an empty service", ["", "MDPC01", "", "body"], "service"],
    ["a service that cannot be printed", ["", "MDPC01", "ec\nho", "body"], "service"],
    ["a service of 256 bytes", ["", "MDPC01", "x".repeat(256), "body"], "service"],
    ["no body in MDP/0.1", ["", "MDPC01", "echo"], "body"],
    ["no body in MDP/0.2", ["MDPC02", "\x01", "echo"], "body"],
    ["frames after PING", ["", "PING", "PONG"], "end"],
  ])("%s", (_, given, where) => {
    expect(decodeFromClient(frames(given))).toMatchObject({ kind: "problem", where, what: expect.stringMatching(/./) });
  });

  test("the text shows headers and commands that came, and of all else, which may be somebody's data, the length", () => {
    expect(decodeFromClient(frames(["MDPW01", "x"]))).toMatchObject({ what: '"MDPW01" is none of MDPC01, MDPC02 and PING' });
    expect(decodeFromClient(frames(["MDPC02", "\x09", "echo", "body"]))).toMatchObject({ what: "0x09 is not REQUEST (0x01)" });
    expect(decodeFromClient(frames(["hunter2"]))).toMatchObject({ what: "a frame of 7 bytes is none of MDPC01, MDPC02 and PING" });
  });
});

describe("each form is read, and answered in kind", () => {
  test.each([
    ["MDP/0.1 from a REQ", ["", "MDPC01", "echo", "a", "b"], formOf("0.1", true), ["", "MDPC01", "echo", "r"]],
    ["MDP/0.1 without the empty frame", ["MDPC01", "echo", "a", "b"], formOf("0.1", false), ["MDPC01", "echo", "r"]],
    ["MDP/0.2 from a DEALER", ["MDPC02", "\x01", "echo", "a", "b"], formOf("0.2", false), ["MDPC02", "\x03", "echo", "r"]],
    ["MDP/0.2 from a REQ", ["", "MDPC02", "\x01", "echo", "a", "b"], formOf("0.2", true), ["", "MDPC02", "\x03", "echo", "r"]],
  ])("%s", (_, given, form, answer) => {
    const request = decodeFromClient(frames(given));
    expect(request).toEqual({ kind: "request", form, service: "echo", body: frames(["a", "b"]) });
    expect(texts(encodeToClient({ kind: "reply", form, part: "final", service: "echo", body: frames(["r"]) }))).toEqual(answer);
  });

  test("an empty body of MDP/0.2 is a body, not the end of an envelope", () => {
    expect(decodeFromClient(frames(["MDPC02", "\x01", "echo", ""]))).toMatchObject({ kind: "request", service: "echo", body: [Buffer.alloc(0)] });
  });

  test("PING is answered with PONG, with and without the empty frame", () => {
    for (const [given, answer] of [
      [
        ["", "PING"],
        ["", "PONG"],
      ],
      [["PING"], ["PONG"]],
    ] as const) {
      const ping = decodeFromClient(frames(given));
      if (ping.kind !== "ping") throw new Error(`read as ${ping.kind}`);
      expect(texts(encodeToClient({ kind: "pong", delimited: ping.delimited }))).toEqual(answer);
    }
  });

  test("a partial reply has its own code", () => {
    const sent = encodeToClient({ kind: "reply", form: formOf("0.2", false), part: "partial", service: "echo", body: frames(["r"]) });
    expect(texts(sent)).toEqual(["MDPC02", "\x02", "echo", "r"]);
  });
});

test("a client that numbers its commands like a worker's is understood, and answered in kind", () => {
  const message = decodeFromClient(frames(["", "MDPC02", "\x02", "echo", "x"]));
  if (message.kind !== "request") throw new Error(message.kind);
  expect(message).toMatchObject({ service: "echo", form: { version: "0.2", delimited: true } });
  const reply = (part: "partial" | "final") =>
    encodeToClient({ kind: "reply", form: message.form, part, service: "echo", body: frames(["y"]) }).map((frame) => frame.toString("latin1"));
  expect([reply("partial"), reply("final")]).toEqual([
    ["", "MDPC02", "\x03", "echo", "y"],
    ["", "MDPC02", "\x04", "echo", "y"],
  ]);
});
