import { type Color, colors, otherColor } from "../../services/contract/names.ts";

/** What has an image of its own. */
export type Part = Color | "worker";

/** Which images run, as a stack says it in its outputs. */
export interface Running {
  readonly activeColor: Color;
  readonly images: Readonly<Record<Part, string>>;
  readonly versions: Readonly<Record<Part, string>>;
}

/** What runs now, or would after an update. */
export interface Traffic {
  readonly activeColor: Color;
  /** By digest; nothing where the image is about to be built. */
  readonly images: Readonly<Record<Part, string | undefined>>;
  readonly versions: Running["versions"];
}

/**
 * In words, a line each, what an update does to clients' traffic: "traffic: blue 1.4.0 → green 1.5.0".
 * @param before what the last update that went through left; nothing for a stack's first one
 */
export function trafficText(before: Traffic | undefined, after: Traffic, wayBack: (color: Color) => string): string[] {
  const active = after.activeColor;
  const standby = otherColor(active);
  if (before === undefined) return [`traffic: none yet → ${active} ${after.versions[active]}`];
  const isNew = (part: Part): boolean => before.images[part] === undefined || before.images[part] !== after.images[part];
  const named = (of: Traffic, part: Part): string => `${of.versions[part]}${isAmbiguous(before, after, part) ? ` (${digestOf(of.images[part])})` : ""}`;
  const lines: string[] = [];

  if (before.activeColor !== active) {
    lines.push(`traffic: ${before.activeColor} ${before.versions[before.activeColor]} → ${active} ${named(after, active)}`);
    lines.push(wayBack(active));
  } else if (isNew(active)) {
    lines.push(`traffic: stays on ${active}, whose brokers are replaced one by one: ${named(before, active)} → ${named(after, active)}`);
  } else {
    lines.push(`traffic: stays on ${active} ${after.versions[active]}`);
  }
  for (const color of colors) {
    if (!isNew(color) || (color === active && before.activeColor === active)) continue;
    if (color === standby) lines.push(`${color} ${named(after, color)}: new image, no traffic`);
  }
  if (isNew("worker")) lines.push(`workers: replaced one by one: ${named(before, "worker")} → ${named(after, "worker")}`);
  return lines;
}

/** Two images of one version, such as two of a checkout, need more to be told apart. */
function isAmbiguous(before: Traffic, after: Traffic, part: Part): boolean {
  return before.versions[part] === after.versions[part] && before.images[part] !== after.images[part];
}

function digestOf(image: string | undefined): string {
  return image === undefined ? "to be built from this checkout" : (/@sha256:([0-9a-f]{7})/.exec(image)?.[1] ?? image);
}

/** The version that a reference names: its tag, or the beginning of its digest. */
export function versionOf(reference: string): string {
  const [, tag] = /(?:^|:)([\w][\w.-]*)@sha256:/.exec(reference) ?? [];
  return tag ?? /sha256:[0-9a-f]{7}/.exec(reference)?.[0] ?? reference;
}
