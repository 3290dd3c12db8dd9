import { describe, expect, it } from "vitest";
import { type Traffic, trafficText, versionOf } from "../../infra/specs/trafficText.ts";

const digest = (letter: string) => `r.example/x@sha256:${letter.repeat(64)}`;
const before: Traffic = {
  activeColor: "blue",
  images: { blue: digest("a"), green: digest("b"), worker: digest("c") },
  versions: { blue: "1.4.0", green: "1.3.0", worker: "1.4.0" },
};
const text = (after: Partial<Traffic>, from: Traffic | undefined = before) => trafficText(from, { ...before, ...after }, (color) => `way back from ${color}`);
const images = (changes: object) => ({ ...before.images, ...changes });
const versions = (changes: object) => ({ ...before.versions, ...changes });

describe("an update says of traffic:", () => {
  it("nothing but where it stays, when nothing changes", () => {
    expect(text({})).toEqual(["traffic: stays on blue 1.4.0"]);
  });

  it("where it goes at first", () => {
    expect(trafficText(undefined, before, () => "")).toEqual(["traffic: none yet → blue 1.4.0"]);
  });

  it("that it moves, and how it comes back", () => {
    const green = { images: images({ green: digest("d") }), versions: versions({ green: "1.5.0" }) };
    expect(text({ activeColor: "green" })).toEqual(["traffic: blue 1.4.0 → green 1.3.0", "way back from green"]);
    expect(text({ activeColor: "green", ...green })).toEqual(["traffic: blue 1.4.0 → green 1.5.0", "way back from green"]);
  });

  it("that a colour has a new image and none of it", () => {
    expect(text({ images: images({ green: digest("d") }), versions: versions({ green: "1.5.0" }) })).toEqual([
      "traffic: stays on blue 1.4.0",
      "green 1.5.0: new image, no traffic",
    ]);
  });

  it("that the active colour itself changes under it", () => {
    expect(text({ images: images({ blue: digest("d") }), versions: versions({ blue: "1.5.0" }) })).toEqual([
      "traffic: stays on blue, whose brokers are replaced one by one: 1.4.0 → 1.5.0",
    ]);
  });

  it("which of two images of one version, or that it is about to be built", () => {
    expect(text({ images: images({ blue: digest("d") }) })).toEqual([
      "traffic: stays on blue, whose brokers are replaced one by one: 1.4.0 (aaaaaaa) → 1.4.0 (ddddddd)",
    ]);
    expect(text({ images: images({ green: undefined }) })).toEqual([
      "traffic: stays on blue 1.4.0",
      "green 1.3.0 (to be built from this checkout): new image, no traffic",
    ]);
  });

  it("that workers are replaced", () => {
    expect(text({ images: images({ worker: digest("d") }), versions: versions({ worker: "1.5.0" }) })).toEqual([
      "traffic: stays on blue 1.4.0",
      "workers: replaced one by one: 1.4.0 → 1.5.0",
    ]);
  });
});

it.each([
  [`1.4.0@sha256:${"a".repeat(64)}`, "1.4.0"],
  [`r.example:5000/team/x:1.4.0@sha256:${"a".repeat(64)}`, "1.4.0"],
  [`r.example:5000/team/x@sha256:${"a".repeat(64)}`, "sha256:aaaaaaa"],
])("the version of %s is %s", (reference, version) => {
  expect(versionOf(reference)).toBe(version);
});
