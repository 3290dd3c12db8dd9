import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createDeadlines, untimed } from "../../services/structures/deadlines.ts";
import { createList } from "../../services/structures/list.ts";
import type { List } from "../../services/structures/list.ts";
import { createPages } from "../../services/structures/pages.ts";
import { createQueue } from "../../services/structures/queue.ts";

test("a queue gives back what was put in, in its order, however often it grows and shrinks", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.integer(), fc.constant(undefined)), { maxLength: 300 }), (steps) => {
      const queue = createQueue<number>();
      const model: number[] = [];
      for (const step of steps) {
        if (step === undefined) expect(queue.pop()).toBe(model.shift());
        else {
          queue.push(step);
          model.push(step);
        }
        expect(queue.length).toBe(model.length);
        expect(queue.first).toBe(model[0]);
      }
    }),
  );
});

interface Item {
  order: number;
  previous: Item | undefined;
  next: Item | undefined;
  list: List<Item> | undefined;
}
const item = (order: number): Item => ({ order, previous: undefined, next: undefined, list: undefined });

test("a list keeps the order of insertion, and takes out what is in it and nothing else", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom("push", "insert", "remove"), fc.nat(20)), { maxLength: 200 }), (steps) => {
      const list = createList<Item>();
      const other = createList<Item>();
      const model: Item[] = [];
      for (const [step, order] of steps) {
        const made = item(order);
        if (step === "push") {
          list.push(made);
          model.push(made);
        } else if (step === "insert") {
          list.insert(made, (one, inserted) => one.order < inserted.order);
          const at = model.findIndex((one) => one.order >= order);
          model.splice(at < 0 ? model.length : at, 0, made);
        } else {
          const [gone] = model.splice(order % Math.max(1, model.length), 1);
          if (gone !== undefined) {
            expect(other.remove(gone)).toBe(false);
            expect(list.remove(gone)).toBe(true);
            expect(list.remove(gone)).toBe(false);
          }
        }
        const seen: Item[] = [];
        for (let at = list.first; at !== undefined; at = at.next) seen.push(at);
        expect(seen).toEqual(model);
        expect(list.length).toBe(model.length);
      }
    }),
  );
});

describe("deadlines", () => {
  interface Timer {
    deadlineMs: number;
    earlier: Timer | undefined;
    later: Timer | undefined;
    slot: number;
  }
  const timer = (deadlineMs: number): Timer => ({ deadlineMs, earlier: undefined, later: undefined, slot: untimed });

  test("each expires once, at the first look that is not before it, whenever it was added, and none that was removed", () => {
    const oneTimer = fc.record({ deadlineMs: fc.nat(200_000), addedBefore: fc.nat(40) });
    fc.assert(
      fc.property(fc.array(oneTimer, { maxLength: 50 }), fc.array(fc.nat(30_000), { maxLength: 40 }), fc.array(fc.nat(49)), (planned, steps, removed) => {
        const deadlines = createDeadlines<Timer>();
        const all = planned.map(({ deadlineMs }) => timer(deadlineMs));
        const gone = new Set(removed.map((index) => all[index]).filter((one) => one !== undefined));
        const added = new Set<Timer>();
        let nowMs = 0;
        const expired = new Map<Timer, number>();
        for (const [index, step] of [...steps, 300_000, 0].entries()) {
          for (const [at, one] of all.entries()) {
            if (added.has(one) || (planned[at]!.addedBefore > index && index < steps.length)) continue;
            added.add(one);
            deadlines.add(one);
            if (gone.has(one)) deadlines.remove(one);
          }
          nowMs += step;
          deadlines.expire(nowMs, (one) => {
            expect(expired.has(one)).toBe(false);
            expired.set(one, nowMs);
          });
          for (const one of added) expect(expired.has(one)).toBe(!gone.has(one) && one.deadlineMs <= nowMs);
        }
      }),
    );
  });

  test("what an expiring one removes does not expire with it", () => {
    const deadlines = createDeadlines<Timer>();
    const [first, second] = [timer(10), timer(10)];
    deadlines.add(first);
    deadlines.add(second);
    const expired: Timer[] = [];
    deadlines.expire(20, (one) => {
      expired.push(one);
      deadlines.remove(one === first ? second : first);
    });
    expect(expired).toHaveLength(1);
  });
});

test("a small body that is kept does not hold the chunk that it came in", () => {
  const keep = createPages();
  const chunk = Buffer.alloc(65_536, 7);
  const kept = [keep(chunk.subarray(0, 100)), keep(chunk.subarray(100, 300)), keep(chunk.subarray(0, 10_000))];
  chunk.fill(0);
  for (const body of kept) {
    expect(body.buffer).not.toBe(chunk.buffer);
    expect(body.every((byte) => byte === 7)).toBe(true);
  }
  expect(kept.map((body) => body.length)).toEqual([100, 200, 10_000]);
  expect(kept[0]!.buffer).toBe(kept[1]!.buffer);
});
