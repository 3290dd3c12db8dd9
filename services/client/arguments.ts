import { InvalidArgumentError } from "commander";
import { environment } from "../contract/environment.ts";
import { readSettings } from "../process/settings.ts";
import { connectEndpoints } from "../process/values.ts";

/** What a command line's options are read with; each says what would be right. */
export const addressOption = ["--address <endpoints>", `brokers' frontends, separated by commas (default: ${environment.frontendEndpoint.name})`] as const;

export function defaultAddresses(): string[] {
  return readSettings({ address: { variable: environment.frontendEndpoint, kind: connectEndpoints } }, { env: process.env }).address;
}

export function addresses(text: string): string[] {
  const result = connectEndpoints.safeParse(text);
  if (result.success) return result.data;
  throw new InvalidArgumentError(result.error.issues.map(({ message }) => message).join("; "));
}

export function whole(from: number, to: number) {
  return (text: string): number => {
    const number = /^\d+$/.test(text) ? Number(text) : NaN;
    if (number >= from && number <= to) return number;
    throw new InvalidArgumentError(`must be a whole number from ${from} to ${to}`);
  };
}

/** Two whole numbers with a hyphen between them. */
export function span(from: number, to: number) {
  return (text: string): [number, number] => {
    const [least, most, ...rest] = text.split("-").map(whole(from, to));
    if (least !== undefined && most !== undefined && least <= most && rest.length === 0) return [least, most];
    throw new InvalidArgumentError(`must be two whole numbers from ${from} to ${to} such as ${from}-${to}`);
  };
}
