import { describe, expect, test } from "vitest";
import { simulateSwitch } from "./simulate-switch.ts";
import { simulate } from "./simulate.ts";

// A budget, not all there is: `npm run simulate` goes on where this ends.
const seeds = 600;
const chunk = 100;

test.each(Array.from({ length: seeds / chunk }, (_, index) => index * chunk + 1))(
  "in bad weather no invariant breaks: a hundred histories from seed %i",
  (from) => {
    for (let seed = from; seed < from + chunk; seed += 1) expect(simulate(seed).replies).toBeGreaterThan(0);
  },
);

test.each([1, 101])("when brokers and workers only go and come in good order, not one request is lost: a hundred histories from seed %i", (from) => {
  for (let seed = from; seed < from + chunk; seed += 1) expect(simulate(seed, "fair").replies).toBeGreaterThan(0);
});

describe("from blue to green and back under load:", () => {
  const fromSeeds = [1, 21, 41];

  test.each(fromSeeds)(
    "every request of ours is run once and gets its one right reply, every plain client its answers with the guide's tries: 15 histories from seed %i",
    (from) => {
      for (let seed = from; seed < from + 15; seed += 1) {
        const { requests, replies, errors } = simulateSwitch(seed, "switch");
        expect(errors).toEqual({});
        expect(replies).toBe(requests);
      }
    },
  );

  test.each(fromSeeds)(
    "whatever goes wrong meanwhile, only what a killed process had in its hands may end as an error, and clients leave in time: 20 histories from seed %i",
    (from) => {
      for (let seed = from; seed < from + 20; seed += 1) expect(simulateSwitch(seed, "switch-storm").replies).toBeGreaterThan(0);
    },
  );
});

test("a seed is one history", () => {
  expect(simulate(42)).toEqual(simulate(42));
  expect(simulateSwitch(42, "switch-storm")).toEqual(simulateSwitch(42, "switch-storm"));
});
