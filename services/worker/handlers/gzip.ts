import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { Handler } from "../handler.ts";

const compress = promisify(gzip);

/** Replies with the body compressed in gzip's format (RFC 1952). */
export const handler: Handler = (body) => compress(body);
