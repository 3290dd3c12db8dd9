/** An error's chain of causes is not followed further. */
const mostCauses = 3;

/**
 * What a line says of an error: its class, its code and where it was thrown. Its message only where its author wrote it for others
 * to read (`expose: true`, as a HandlerError has it), or where all are asked for: many messages quote what they are about, JSON.parse's for one, and
 * what a request holds is nobody's who reads logs.
 */
export function describeError(error: unknown, withMessage = false): Record<string, unknown> {
  return described(error, withMessage, 0);
}

function described(error: unknown, withMessage: boolean, depth: number): Record<string, unknown> {
  if (!(error instanceof Error)) return { type: error === null ? "null" : typeof error, ...(withMessage && { message: String(error) }) };
  const { code, syscall, expose, cause } = error as { code?: unknown; syscall?: unknown; expose?: unknown; cause?: unknown };
  return {
    type: error.constructor.name,
    ...(isWord(code) && { code }),
    ...(isWord(syscall) && { syscall }),
    ...((expose === true || withMessage) && { message: error.message }),
    stack: places(error),
    ...(cause !== undefined && depth < mostCauses && { cause: described(cause, withMessage, depth + 1) }),
  };
}

/** `ECONNREFUSED`, `ERR_INVALID_ARG_TYPE`, 404: not a sentence. */
function isWord(value: unknown): boolean {
  return (
    typeof value === "number" ||
    (typeof value === "string" && /^[A-Z][A-Z0-9_]{1,63}$/.test(value)) ||
    (typeof value === "string" && /^[a-z]{1,20}$/.test(value))
  );
}

/** The stack without the message before it. */
function places({ name, message, stack }: Error): string {
  if (typeof stack !== "string") return "";
  const head = [`${name}: ${message}`, message].find((text) => text !== "" && stack.startsWith(text));
  const rest = head === undefined ? stack : stack.slice(head.length);
  return rest
    .split("\n")
    .filter((line) => /^ {4}at (?:.* \()?(?:file:\/\/|node:|\/|new |async |<anonymous>|[\w.$<>[\] ]+ \()/.test(line))
    .map((line) => line.trim())
    .join("\n");
}
