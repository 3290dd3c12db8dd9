/** Clients and workers of every system that is compared, behind the same two functions. */
import { readFileSync } from "node:fs";
import * as amqp from "amqplib";
import { connect as connectNats } from "@nats-io/transport-node";
import * as zmq from "zeromq";
import { createClient } from "../../services/client/client.ts";
import { worker } from "../../services/worker/worker.ts";

export const systems = ["zeromq-stack", "zeromq-stack, curve", "zeromq-stack, plain MDP peers", "libzmq's native proxy", "NATS", "RabbitMQ"] as const;
export type System = (typeof systems)[number];

export interface Endpoints {
  readonly frontend: string;
  readonly backend: string;
  /** A file with `{ server, client, worker }` key pairs. */
  readonly keys: string;
}

export interface BenchClient {
  request(body: Buffer): Promise<unknown>;
  close(): Promise<void> | void;
}

interface Keys {
  readonly server: { publicKey: string };
  readonly client: { publicKey: string; secretKey: string };
  readonly worker: { publicKey: string; secretKey: string };
}

const service = "echo";
/** A plain Majordomo worker has one request at a time, so a process holds many of them; the native proxy gets the same number. */
export const plainWorkers = 64;

function curve(system: System, keys: string, side: "client" | "worker") {
  if (system !== "zeromq-stack, curve") return undefined;
  const all = JSON.parse(readFileSync(keys, "utf8")) as Keys;
  return { serverKey: all.server.publicKey, ...all[side] };
}

export async function openClient(system: System, at: Endpoints, options: { packing: boolean }): Promise<BenchClient> {
  switch (system) {
    case "zeromq-stack":
    case "zeromq-stack, curve": {
      const client = createClient({ endpoints: [at.frontend], curve: curve(system, at.keys, "client"), packing: options.packing });
      return { request: (body) => client.request(service, body, { timeoutMs: 60_000 }), close: () => client.close() };
    }
    case "NATS": {
      const connection = await connectNats({ servers: at.frontend });
      return { request: (body) => connection.request(service, body, { timeout: 60_000 }), close: () => connection.close() };
    }
    case "RabbitMQ": {
      const connection = await amqp.connect(at.frontend, { noDelay: true });
      const channel = await connection.createChannel();
      const waiting = new Map<string, () => void>();
      await channel.consume(
        "amq.rabbitmq.reply-to",
        (message) => {
          const { correlationId } = message!.properties as { correlationId: string };
          waiting.get(correlationId)!();
          waiting.delete(correlationId);
        },
        { noAck: true },
      );
      let ids = 0;
      return {
        request: (body) =>
          new Promise<void>((resolve) => {
            ids += 1;
            waiting.set(String(ids), resolve);
            channel.sendToQueue(service, body, { replyTo: "amq.rabbitmq.reply-to", correlationId: String(ids) });
          }),
        close: () => connection.close(),
      };
    }
    default: {
      const socket = new zmq.Dealer({ linger: 0, sendHighWaterMark: 0, receiveHighWaterMark: 0 });
      socket.connect(at.frontend);
      const waiting: (() => void)[] = [];
      void (async () => {
        for await (const _ of socket) waiting.shift()?.();
      })();
      const header = [Buffer.from("MDPC02"), Buffer.of(1), Buffer.from(service)];
      let sending = Promise.resolve();
      return {
        request: (body) =>
          new Promise<void>((resolve) => {
            waiting.push(resolve);
            sending = sending.then(() => socket.send([...header, body]));
          }),
        close: () => socket.close(),
      };
    }
  }
}

/** Serves until the process ends. */
export async function openWorker(system: System, at: Endpoints): Promise<void> {
  switch (system) {
    case "zeromq-stack":
    case "zeromq-stack, curve":
      worker(service, (body) => body, { brokers: [at.backend], curve: curve(system, at.keys, "worker") });
      return;
    case "NATS": {
      const connection = await connectNats({ servers: at.backend });
      connection.subscribe(service, { queue: "workers", callback: (_, message) => void message.respond(message.data) });
      return;
    }
    case "RabbitMQ": {
      const connection = await amqp.connect(at.backend);
      const channel = await connection.createChannel();
      await channel.assertQueue(service, { durable: false });
      await channel.prefetch(256);
      await channel.consume(service, (message) => {
        const { replyTo, correlationId } = message!.properties as { replyTo: string; correlationId: string };
        channel.sendToQueue(replyTo, message!.content, { correlationId });
        channel.ack(message!);
      });
      return;
    }
    default:
      for (let index = 0; index < plainWorkers; index += 1) void plain(system, at.backend);
  }
}

async function plain(system: System, backend: string): Promise<void> {
  const socket = new zmq.Dealer({ linger: 0 });
  socket.connect(backend);
  const [header, ready, final] = [Buffer.from("MDPW02"), Buffer.of(1), Buffer.of(4)];
  const isMajordomo = system === "zeromq-stack, plain MDP peers";
  if (isMajordomo) await socket.send([header, ready, service]);
  for await (const frames of socket) {
    if (!isMajordomo) await socket.send(frames);
    else if (frames[1]![0] === 2) await socket.send([header, final, frames[2]!, frames[3]!, ...frames.slice(4)]);
  }
}
