import type { BrokerLimits } from "../../services/broker/outbox.ts";
import { createBrokerNode } from "./broker-node.ts";
import type { BrokerNode } from "./broker-node.ts";
import { createLate } from "./late.ts";
import type { Late } from "./late.ts";
import type { Ledger } from "./ledger.ts";
import type { World } from "./world.ts";

export type Color = "blue" | "green";
export const otherColor = (color: Color): Color => (color === "blue" ? "green" : "blue");

/** What a colour's brokers are made of: a good image, one that never becomes ready, one that no worker can serve. */
export type Image = "good" | "unready" | "workerless";

/** A broker's pod. A container that was killed comes back in it, with the same name. */
export interface Pod {
  readonly name: string;
  readonly color: Color;
  node: BrokerNode;
  ready: boolean;
  /** It was told SIGTERM, and when. */
  leaving: boolean;
  leavingSinceMs: number;
  /** The mounted file that names the active colour. */
  readonly file: Late<Color>;
}

/** Scaled: what takes up to a minute and a half in a cluster takes seconds here. */
export interface ColorDelays {
  /** Until a node sends new connections where a Service leads now. */
  readonly proxyMs: number;
  /** Until a worker sees a broker's name. */
  readonly namesMs: number;
  /** Until the kubelet has changed the file that names the active colour. */
  readonly fileMs: number;
  /** From SIGTERM to SIGKILL: the longest request and a margin. */
  readonly graceMs: number;
}

/** Brokers of two colours, behind one Service that leads to one of them. */
export interface Colors {
  readonly pods: ReadonlySet<Pod>;
  readonly active: Color;
  /** Whether everybody knows by now where the Service leads and which colour is active. */
  readonly informed: boolean;
  /** Pods that are to stay. */
  of(color: Color): Pod[];
  /** A client's node. @returns the broker that a new connection from there reaches, where there is one. */
  host(): () => BrokerNode | undefined;
  /** A worker's view of all brokers. */
  names(): () => readonly BrokerNode[];
  setImage(color: Color, image: Image): void;
  scale(color: Color, size: number): void;
  /** Where new connections go. */
  select(color: Color): void;
  /** Which colour is active, for the brokers to know. */
  declare(color: Color): void;
  /** One more than its size, for an update of the colour itself; `settle` takes the old one away. */
  surge(color: Color): Pod;
  settle(color: Color, old: Pod): void;
  terminate(pod: Pod): void;
  /** SIGKILL of its container, which comes back; or its machine is gone, and another pod is made elsewhere. */
  crash(pod: Pod, what: "container" | "machine"): void;
}

export function createColors(world: World, ledger: Ledger, limits: Partial<BrokerLimits>, { proxyMs, namesMs, fileMs, graceMs }: ColorDelays): Colors {
  const { random } = world;
  const pods = new Set<Pod>();
  const hosts: Late<readonly Pod[]>[] = [];
  const views: Late<readonly Pod[]>[] = [];
  const sizes: Record<Color, number> = { blue: 0, green: 0 };
  const surges: Record<Color, number> = { blue: 0, green: 0 };
  const images: Record<Color, Image> = { blue: "good", green: "good" };
  /** A terminating pod's name may vanish at once or at its end: workers must not care. */
  const namesLeaving = random.chance(0.5);
  let selected: Color = "blue";
  let active: Color = "blue";
  let made = 0;

  const of = (color: Color): Pod[] => [...pods].filter((pod) => pod.color === color && !pod.leaving);
  const reachable = (): readonly Pod[] => of(selected).filter(({ ready }) => ready);

  const changed = (): void => {
    const [behind, named] = [reachable(), [...pods].filter(({ leaving }) => namesLeaving || !leaving)];
    for (const host of hosts) host.tell(behind);
    for (const view of views) view.tell(named);
  };

  const run = (name: string, image: Image): BrokerNode => createBrokerNode(world, name, image === "workerless" ? { ...limits, maxWorkers: 0 } : limits);

  /** The program starts: it reads the file at once, and is ready when the kubelet has looked. */
  const begin = (pod: Pod, image: Image): void => {
    const { node } = pod;
    node.core.setRole(pod.file.seen === pod.color ? "active" : "standby");
    if (image === "unready") return;
    world.later(random.between(50, 600), node, () => {
      if (pod.leaving) return;
      pod.ready = true;
      changed();
    });
  };

  const make = (color: Color): Pod => {
    made += 1;
    const name = `${color}-${made}`;
    const pod: Pod = {
      name,
      color,
      node: run(name, images[color]),
      ready: false,
      leaving: false,
      leavingSinceMs: 0,
      file: createLate(world, fileMs, active, (known) => {
        if (pod.node.alive) pod.node.core.setRole(known === color ? "active" : "standby");
      }),
    };
    world.note(`${name} starts`);
    pods.add(pod);
    begin(pod, images[color]);
    changed();
    return pod;
  };

  const terminate = (pod: Pod): void => {
    if (pod.leaving) return;
    world.note(`${pod.name} terminates`);
    pod.leaving = true;
    pod.leavingSinceMs = world.nowMs;
    pod.ready = false;
    const gone = (): void => {
      pods.delete(pod);
      changed();
    };
    if (pod.node.alive) pod.node.drain(graceMs, gone);
    else gone();
    changed();
  };

  const reconcile = (color: Color): void => {
    const there = of(color).sort((one, other) => Number(other.ready) - Number(one.ready));
    const wanted = sizes[color] + surges[color];
    for (const pod of there.slice(wanted)) terminate(pod);
    for (let missing = wanted - there.length; missing > 0; missing -= 1) make(color);
  };

  return {
    pods,
    get active() {
      return active;
    },
    get informed() {
      return selected === active && hosts.every(({ upToDate }) => upToDate) && [...pods].every(({ file }) => file.upToDate && file.seen === active);
    },
    of,
    host() {
      const view = createLate(world, proxyMs, reachable());
      hosts.push(view);
      return () => {
        if (view.seen.length === 0) return undefined;
        const { node } = random.pick(view.seen);
        return node.alive && node.accepting ? node : undefined;
      };
    },
    names() {
      const view = createLate<readonly Pod[]>(world, namesMs, [...pods]);
      views.push(view);
      return () => view.seen.map(({ node }) => node);
    },
    setImage: (color, image) => void (images[color] = image),
    scale(color, size) {
      sizes[color] = size;
      reconcile(color);
    },
    select(color) {
      if (color === selected) return;
      world.note(`the Service selects ${color}`);
      selected = color;
      changed();
    },
    declare(color) {
      if (color === active) return;
      world.note(`${color} is active`);
      active = color;
      for (const { file } of pods) file.tell(color);
    },
    surge(color) {
      surges[color] += 1;
      return make(color);
    },
    settle(color, old) {
      terminate(old);
      surges[color] -= 1;
      reconcile(color);
    },
    terminate(pod) {
      terminate(pod);
      reconcile(pod.color);
    },
    crash(pod, what) {
      world.note(`${pod.name} is killed${what === "container" ? "" : " with its machine"}`);
      const { node } = pod;
      ledger.harm(node);
      node.kill(what === "machine");
      pod.ready = false;
      if (pod.leaving || what === "machine") {
        pods.delete(pod);
        if (!pod.leaving) world.later(random.between(50, 500), undefined, () => reconcile(pod.color));
      } else {
        world.later(random.between(50, 500), undefined, () => {
          if (pod.leaving) return;
          pod.node = run(pod.name, images[pod.color]);
          begin(pod, images[pod.color]);
        });
      }
      changed();
    },
  };
}
