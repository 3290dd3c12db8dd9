import { isIP } from "node:net";

/** Whether the text is a range of IP addresses in CIDR notation. */
export function isAddressRange(text: string): boolean {
  const [, address = "", prefix] = /^([^/%]+)\/(0|[1-9]\d{0,2})$/.exec(text) ?? [];
  const longestPrefix = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
  return Number(prefix) <= longestPrefix;
}
