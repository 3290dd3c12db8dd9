import type { Handler } from "../../../services/worker/handler.ts";

/** Fails in ways that bring the request's body along; the last word says how. */
export const handler: Handler = (body) => {
  const text = body.toString();
  switch (text.split(" ").slice(1).join(" ")) {
    case "throw":
      throw new TypeError(`not to be had: ${text}\n    at ${text} (secret)`);
    case "json":
      return String(JSON.parse(text));
    case "cause":
      throw Object.assign(new Error(text, { cause: new RangeError(text) }), { retryable: true, code: text });
    case "thrown text":
      throw text;
    case "number":
      return text.length as never;
    case "large":
      return text.repeat(200);
    default:
      return body;
  }
};
