import { lookup } from "node:dns/promises";
import { endpointText, parseEndpoint } from "./endpoint.ts";

/**
 * One endpoint for every IPv4 address of the name in `endpoint` (an A record each, /etc/hosts included).
 * Names are resolved here because libzmq takes the first address only (libzmq#2297), and does it on its I/O thread, where
 * an unreachable name server stalls every socket (libzmq#2961).
 * @throws the resolver's error, whose `code` is for instance ENOTFOUND or EAI_AGAIN.
 */
export async function resolveEndpoint(endpoint: string): Promise<string[]> {
  const parsed = parseEndpoint(endpoint);
  if (parsed === undefined) throw new TypeError(`${endpoint} is not of the form tcp://host:port`);
  const addresses = await lookup(parsed.host, { all: true, family: 4 });
  return [...new Set(addresses.map(({ address }) => endpointText({ host: address, port: parsed.port })))];
}
