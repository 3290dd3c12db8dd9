import type { Handler } from "../handler.ts";

/** Replies with the request's own body. */
export const handler: Handler = (body) => body;
