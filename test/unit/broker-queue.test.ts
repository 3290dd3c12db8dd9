import { describe, expect, test } from "vitest";
import { createQueue } from "../../services/broker/queue.ts";

describe("the queue", () => {
  test("an empty one gives nothing", () => {
    expect(createQueue().pop()).toBeUndefined();
  });

  test("does what an array does, through every growth and shrinkage", () => {
    const queue = createQueue<number>();
    const model: number[] = [];
    let random = 1;
    for (let step = 0; step < 20_000; step += 1) {
      random = (random * 48_271) % 2_147_483_647;
      const growing = Math.floor(step / 2500) % 2 === 0;
      const act = random % 10;
      if (act < (growing ? 5 : 2)) model.push(step), queue.push(step);
      else if (act < (growing ? 7 : 3)) model.unshift(step), queue.pushFront(step);
      else expect(queue.pop()).toBe(model.shift());
      expect(queue.length).toBe(model.length);
    }
    while (model.length > 0) expect(queue.pop()).toBe(model.shift());
  });
});
