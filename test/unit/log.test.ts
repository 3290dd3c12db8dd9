import { describe, expect, test } from "vitest";
import { describeError } from "../../services/process/error-fields.ts";
import { createLog, moduleLog, setLevel } from "../../services/process/log.ts";
import { HandlerError } from "../../services/worker/handler.ts";

describe("what a line says of an error", () => {
  const parse = (text: string): unknown => {
    try {
      return JSON.parse(text);
    } catch (error) {
      return error;
    }
  };

  test("is its class, its code and where it was thrown, without a message that quotes what it is about", () => {
    const said = describeError(parse("hunter2-the-secret"));
    expect(said).toMatchObject({ type: "SyntaxError", stack: expect.stringMatching(/^at .*log\.test\.ts:\d+:\d+/m) });
    expect(JSON.stringify(said)).not.toContain("hunter2");
  });

  test("is nothing of a message of several lines, or one that looks like a place", () => {
    for (const message of ["first\n    at hunter2 (secret)\nlast hunter2", "hunter2", "\n    at /hunter2"]) {
      const error = new Error(message);
      expect(JSON.stringify(describeError(error)), message).not.toContain("hunter2");
      error.name = "renamed later";
      error.message = "changed later";
      expect(JSON.stringify(describeError(Object.assign(new TypeError(message), { code: message, name: message }))), message).not.toContain("hunter2");
    }
  });

  test("is its message, too, where that was written for others to read", () => {
    expect(describeError(new HandlerError("no such customer"))).toMatchObject({ type: "HandlerError", message: "no such customer" });
  });

  test("is every message where a developer asks for them", () => {
    expect(describeError(new Error("outer", { cause: new TypeError("inner") }), true)).toMatchObject({ message: "outer", cause: { message: "inner" } });
    expect(describeError("thrown text", true)).toEqual({ type: "string", message: "thrown text" });
  });

  test("names the system's errors and the causes", () => {
    const refused = Object.assign(new Error("connect ECONNREFUSED 10.0.0.1:5432"), { code: "ECONNREFUSED", syscall: "connect" });
    expect(describeError(new Error("outer", { cause: refused }))).toMatchObject({
      type: "Error",
      cause: { type: "Error", code: "ECONNREFUSED", syscall: "connect" },
    });
  });

  test.each([
    ["hunter2", "string"],
    [null, "null"],
    [undefined, "undefined"],
    [{ body: "hunter2" }, "object"],
  ])("of %o is its kind", (thrown, type) => {
    expect(describeError(thrown)).toEqual({ type });
  });
});

test("a level that changes, changes for every part of a program", () => {
  const log = createLog({ logger: "test", level: "INFO" });
  const part = moduleLog(log, "part");
  const ofPart = moduleLog(part, "of part");
  const levels = () => [log, part, ofPart].map((one) => one.isLevelEnabled("debug"));
  expect(levels()).toEqual([false, false, false]);
  setLevel(log, "DEBUG");
  expect(levels()).toEqual([true, true, true]);
  setLevel(log, "ERROR");
  expect([log, part, ofPart].map((one) => one.isLevelEnabled("warn"))).toEqual([false, false, false]);
  expect(moduleLog(log, "later").isLevelEnabled("warn")).toBe(false);
});
