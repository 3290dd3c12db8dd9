import fc from "fast-check";

/** One thing that may be done to what is tested; a failing history prints its steps by name. */
export type Step<Tested> = (tested: Tested) => void;

export function step<Tested, Value>(name: string, values: fc.Arbitrary<Value>, act: (tested: Tested, value: Value) => void): fc.Arbitrary<Step<Tested>> {
  return values.map((value) => Object.assign((tested: Tested) => act(tested, value), { toString: () => `${name} ${fc.stringify(value)}` }));
}

/** Histories of up to 60 of these steps. */
export function histories<Tested>(...steps: fc.Arbitrary<Step<Tested>>[]): fc.Arbitrary<Step<Tested>[]> {
  return fc.array(fc.oneof(...steps), { minLength: 1, maxLength: 60, size: "max" });
}

/** Histories that a test goes through: some ten find a rough fault, some seconds' worth those that need a few things to meet. */
export const runs = { numRuns: 3_000 } as const;
