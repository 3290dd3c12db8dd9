import { randomInt } from "node:crypto";
import type { Side } from "../contract/metrics.ts";
import { decodeFromClient, encodeToClient } from "../majordomo/client.ts";
import { decodeFromWorker, encodeWorkerMessage } from "../majordomo/worker.ts";
import type { Logger } from "../process/log.ts";
import { bindRouter } from "../transport/router.ts";
import type { BoundRouter, RouterOptions } from "../transport/router.ts";
import { createBroker } from "./core.ts";
import type { Broker } from "./core.ts";
import { deliveryFrame, readDelivery } from "./delivery.ts";
import type { Measures } from "./measures.ts";
import type { Outbox } from "./outbox.ts";
import type { BrokerSettings } from "./settings.ts";

/** Milliseconds after a lost connection until all workers are probed, so that a crowd that leaves is one probe. */
const probeDelayMs = 50;

export interface RunningBroker {
  readonly core: Broker;
  /** Tells the workers, sends what is left and closes the sockets. */
  close(): void;
}

/** Binds both sockets and puts the core between them. @throws BindError */
export async function startBroker(settings: BrokerSettings, measures: Measures, log: Logger): Promise<RunningBroker> {
  const now = (): number => performance.now();
  let frontend: BoundRouter;
  let backend: BoundRouter;

  const toPeer = (peer: string): Buffer => Buffer.from(peer, "latin1");

  const outbox: Outbox = {
    async toClient(client, message) {
      const outcome = await frontend.send(toPeer(client), encodeToClient(message));
      if (outcome === "sent") measures.sent("frontend");
      else measures.dropped(outcome === "full" ? "client_slow" : "client_gone");
    },
    async toWorker(worker, message) {
      const frames = encodeWorkerMessage(
        message.kind === "request" ? { ...message, address: [deliveryFrame(message.delivery)] } : message,
      );
      const outcome = await backend.send(toPeer(worker), frames);
      if (outcome === "sent") measures.sent("backend");
      else core.workerUnreachable(worker, now(), message.kind === "request" ? message.delivery : undefined);
    },
    answered: measures.answered,
    dropped(reason, service) {
      measures.dropped(reason);
      log.debug({ reason, service }, "dropped");
    },
    workerJoined: (worker, service) => log.info({ worker: hex(worker), service }, "worker joined"),
    workerLeft: (worker, service, why) => log.info({ worker: hex(worker), service, why }, "worker left"),
  };

  const core = createBroker(
    {
      heartbeatIntervalMs: settings.heartbeatIntervalMs,
      heartbeatLiveness: settings.heartbeatLiveness,
      maxQueuedRequests: settings.maxQueuedRequests,
      maxDeliveries: settings.maxDeliveries,
      firstDelivery: randomInt(2 ** 47),
    },
    outbox,
  );

  const malformed = (side: Side, { where, what }: { where: string; what: string }): void => {
    measures.dropped("malformed");
    log.debug({ side, where, what }, "malformed message");
  };

  const socketOptions = (side: Side): Omit<RouterOptions, "endpoint" | "onMessage"> => ({
    maxMessageBytes: settings.maxMessageBytes,
    handshakeTimeoutMs: settings.receiveTimeoutMs,
    lingerMs: settings.sendTimeoutMs,
    onConnect: () => measures.connections(side, 1),
    onDisconnect: () => measures.connections(side, -1),
    onHandshakeFailure: (reason) => log.debug({ side, reason }, "handshake failed"),
  });

  frontend = await bindRouter({
    ...socketOptions("frontend"),
    endpoint: settings.frontend,
    onMessage(peer, frames) {
      measures.received("frontend");
      const command = decodeFromClient(frames);
      if (command.kind === "problem") malformed("frontend", command);
      else core.fromClient(peer.toString("latin1"), command, now());
    },
  });

  let probe: NodeJS.Timeout | undefined;
  const onWorkerDisconnect = (): void => {
    measures.connections("backend", -1);
    probe ??= setTimeout(() => {
      probe = undefined;
      core.probe();
    }, probeDelayMs);
  };

  try {
    backend = await bindRouter({
      ...socketOptions("backend"),
      onDisconnect: onWorkerDisconnect,
      endpoint: settings.backend,
      onMessage(peer, frames) {
        measures.received("backend");
        const worker = peer.toString("latin1");
        const message = decodeFromWorker(frames);
        if (message.kind === "problem") {
          malformed("backend", message);
          core.malformedFromWorker(worker, now());
        } else if (message.kind === "partial" || message.kind === "final") {
          core.fromWorker(worker, { kind: message.kind, form: message.form, delivery: readDelivery(message.address), body: message.body }, now());
        } else {
          core.fromWorker(worker, message, now());
        }
      },
    });
  } catch (error) {
    frontend.close();
    throw error;
  }

  const ticking = setInterval(() => core.tick(now()), settings.heartbeatIntervalMs);
  return {
    core,
    close() {
      clearInterval(ticking);
      clearTimeout(probe);
      core.close();
      frontend.close();
      backend.close();
    },
  };
}

function hex(peer: string): string {
  return Buffer.from(peer, "latin1").toString("hex");
}
