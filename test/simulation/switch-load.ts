import type { ClientNode } from "./client-node.ts";
import type { World } from "./world.ts";

/** Of those that brokers allow. */
export const longestRequestMs = 8_000;

/** Many requests, short ones, long ones and some whose replies come in parts: from clients that stay, and from some that come and go. */
export function startLoad(world: World, clients: readonly ClientNode[], services: readonly string[], visitor: () => ClientNode): { stop(): void } {
  const { random } = world;
  const retries = random.pick([0, 0, 2]);
  let stopped = false;
  const request = (client: ClientNode): void => {
    const draw = random.next();
    if (draw < 0.8) client.request(random.pick(services), "answer", random.pick([4_000, longestRequestMs]), retries);
    else client.request(random.pick(services), draw < 0.9 ? "long" : "parts", longestRequestMs, retries);
  };
  const send = (): void => {
    if (stopped) return;
    for (let count = random.between(1, 2); count > 0; count -= 1) request(random.pick(clients));
    world.later(random.next() * 100, undefined, send);
  };
  const visit = (): void => {
    if (stopped) return;
    const client = visitor();
    for (let count = random.between(1, 3); count > 0; count -= 1) request(client);
    const leave = (): void => {
      if (client.core.outstanding === 0) client.close();
      else world.later(50, client, leave);
    };
    leave();
    world.later(random.next() * 1_000, undefined, visit);
  };
  send();
  visit();
  return { stop: () => void (stopped = true) };
}
