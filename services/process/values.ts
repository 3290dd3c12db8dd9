/** The kinds of values that settings have. Each says in words what is allowed, for the error of a wrong one. */
import { z } from "zod";
import { environment } from "../contract/environment.ts";
import { colors } from "../contract/names.ts";
import { readKey } from "../transport/curve-keys.ts";
import { parseEndpoint } from "../transport/endpoint.ts";

/** A value read from text: `parse` gives nothing where the text is not allowed. */
function value<T>(allowed: string, parse: (text: string) => T | undefined) {
  return z.string().transform((text, context): T => {
    const parsed = parse(text.trim());
    if (parsed !== undefined) return parsed;
    context.addIssue({ code: "custom", message: `must be ${allowed}` });
    return z.NEVER;
  });
}

function decimal(text: string): number | undefined {
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) : undefined;
}

export function wholeNumber(from: number, to: number) {
  return value(`a whole number from ${from} to ${to}`, (text) => {
    const number = /^\d+$/.test(text) ? Number(text) : NaN;
    return number >= from && number <= to ? number : undefined;
  });
}

/** Seconds, fractions allowed, read as whole milliseconds. */
export function secondsAsMs(fromSeconds: number, toSeconds: number) {
  return value(`seconds from ${fromSeconds} to ${toSeconds}, for instance 2.5`, (text) => {
    const seconds = decimal(text);
    return seconds !== undefined && seconds >= fromSeconds && seconds <= toSeconds ? Math.round(seconds * 1000) : undefined;
  });
}

export const tcpPort = wholeNumber(1, 65_535);

export const bindEndpoint = value("an endpoint to bind, for instance tcp://*:5555", (text) => (parseEndpoint(text) ? text : undefined));

/** One endpoint or several, separated by commas. */
export const connectEndpoints = value("tcp://host:port, or several separated by commas", (text) => {
  const endpoints = text.split(",").map((part) => part.trim());
  return endpoints.every((endpoint) => parseEndpoint(endpoint) && !endpoint.includes("*")) ? endpoints : undefined;
});

export const logLevels = environment.logLevel.words;
export type LogLevel = (typeof logLevels)[number];

export const logLevel = value(`one of ${logLevels.join(", ")}`, (text) => logLevels.find((level) => level === text.toUpperCase()));
export const flag = value("true or false", (text) => (text === "true" ? true : text === "false" ? false : undefined));
export const color = value(`one of ${colors.join(", ")}`, (text) => colors.find((name) => name === text));
export const serviceName = value("1 to 255 printable ASCII characters, not beginning with mmi.", (text) =>
  /^[\x20-\x7e]{1,255}$/.test(text) && !text.startsWith("mmi.") ? text : undefined,
);
export const text = value("a text of at most 1,024 characters", (given) => (given.length <= 1024 ? given : undefined));
/** One key or several, separated by commas. */
export const curveKeys = value("a CURVE key of 40 characters of Z85, or several separated by commas", (given) => {
  const keys = given.split(",").map((part) => part.trim());
  return keys.every((key) => readKey(key) !== undefined) ? keys : undefined;
});
export const curveKey = value("a CURVE key of 40 characters of Z85", (given) => (readKey(given) === undefined ? undefined : given));
