import { expect, test } from "vitest";
import { simulate } from "./simulate.ts";

// A budget, not all there is: `npm run simulate` goes on where this ends.
const seeds = 600;
const chunk = 100;

test.each(Array.from({ length: seeds / chunk }, (_, index) => index * chunk + 1))("in bad weather no invariant breaks: a hundred histories from seed %i", (from) => {
  for (let seed = from; seed < from + chunk; seed += 1) expect(simulate(seed).replies).toBeGreaterThan(0);
});

test.each([1, 101])("when brokers and workers only go and come in good order, not one request is lost: a hundred histories from seed %i", (from) => {
  for (let seed = from; seed < from + chunk; seed += 1) expect(simulate(seed, "fair").replies).toBeGreaterThan(0);
});

test("a seed is one history", () => {
  expect(simulate(42)).toEqual(simulate(42));
});
