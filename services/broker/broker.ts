import { randomBytes } from "node:crypto";
import { version } from "../contract/version.ts";
import type { Side } from "../contract/metrics.ts";
import { packedBytes } from "../majordomo/extension/codes.ts";
import { createLimitedLog } from "../process/limited-log.ts";
import type { Logger } from "../process/log.ts";
import { listen } from "../transport/listen.ts";
import type { Listener, ServerCurve } from "../transport/listen.ts";
import type { Connection } from "../transport/zmtp/connection.ts";
import { createBroker } from "./core.ts";
import type { Broker } from "./core.ts";
import { createBackend } from "./backend.ts";
import { createFrontend } from "./frontend.ts";
import type { Room } from "./frontend.ts";
import { answerManagement } from "./management.ts";
import type { Measures } from "./measures.ts";
import type { Outbox } from "./outbox.ts";
import { createRequestLines } from "./request-lines.ts";
import type { BrokerSettings } from "./settings.ts";
import { countServerKeyUses } from "./server-keys.ts";
import { describeServices } from "./status.ts";
import type { Status } from "./status.ts";

const pulseMs = 50;
/** The kubelet looks once a minute whether a mounted ConfigMap changed, and its own knowledge may be a minute old. */
const roleDelayMs = 120_000;
/** Connections whose handshake is not done, on each side; more are refused. */
const maxHandshakes = 1024;
/** What a peer may leave unread before it is held for dead. */
const leastUnsentBytes = 16_777_216;

/** CURVE for each side; nothing for plain text. */
export type Security = Readonly<Record<Side, ServerCurve>> | undefined;

export interface RunningBroker {
  readonly core: Broker;
  status(): Status;
  /** Ends what is left by name, tells the workers, sends what was taken for so many milliseconds at most, closes. */
  close(lingerMs: number): Promise<void>;
}

/** Binds both sockets and puts the core between them. @throws BindError */
export async function startBroker(settings: BrokerSettings, security: Security, measures: Measures, log: Logger): Promise<RunningBroker> {
  const now = (): number => performance.now();
  const instance = randomBytes(8);
  const startedAtMs = now();
  const serverKeys = countServerKeyUses(security);

  const status = (): Status => ({
    version,
    instance: instance.toString("hex"),
    color: settings.color,
    role: core.role,
    uptimeSeconds: Math.round((now() - startedAtMs) / 1000),
    connections: measures.connections,
    waiting: core.waiting,
    held: core.held,
    bytes: core.bytes,
    remembered: core.remembered,
    clients: core.clients.count,
    connectedClients: core.clients.connected,
    workers: core.workers.count,
    serverKeys: serverKeys.list(),
    services: describeServices(core, now()),
    servicesInAll: core.services.size,
  });
  const managed = { hasWorkers: (name: string) => (core.services.get(name)?.workers.size ?? 0) > 0, status: () => JSON.stringify(status()) };

  const welcome = {
    instance: instance.toString("hex"),
    heartbeatIntervalMs: settings.heartbeatIntervalMs,
    heartbeatLiveness: settings.heartbeatLiveness,
    maxBodyBytes: settings.maxMessageBytes,
    maxOutstanding: settings.maxRequestsPerClient,
    color: settings.color,
  };
  const limited = createLimitedLog(log, now);
  const lines = createRequestLines(log, now);
  const frontend = createFrontend(welcome, measures, limited);
  const backend = createBackend(welcome, measures, log, limited);
  const outbox: Outbox = {
    ...frontend.outbox,
    ...backend.outbox,
    ended(outcome, service, milliseconds, instance, id) {
      measures.ended(outcome, service, milliseconds);
      lines.ended(outcome, service, milliseconds, instance, id);
    },
    rejected(bound, service, request) {
      measures.rejected(bound);
      lines.rejected(bound, service, request);
    },
    workerJoined(worker, service) {
      measures.served(service);
      backend.outbox.workerJoined(worker, service);
    },
    redelivered(service, instance, id) {
      measures.redelivered(service);
      lines.redelivered(service, instance, id);
    },
    duplicate: measures.duplicate,
    dropped: measures.dropped,
  };
  const core = createBroker({ ...settings, roleDelayMs, instance }, outbox, (service, body) => answerManagement(service, body, managed));

  const open = (side: Side, endpoint: string, maxConnections: number, room: Room): Promise<Listener> =>
    listen({
      endpoint,
      ...(security === undefined ? {} : { curve: security[side] }),
      limits: {
        maxFrameBytes: Math.max(settings.maxMessageBytes, packedBytes),
        maxFrames: settings.maxFrames,
        maxUnsentBytes: Math.max(leastUnsentBytes, settings.maxMessageBytes * 2),
        handshakeTimeoutMs: settings.receiveTimeoutMs,
        maxConnections,
        maxHandshakes,
      },
      onOpen(connection: Connection) {
        measures.connected(side, 1);
        serverKeys.opened(side, connection);
        room.opened(connection, core);
      },
      onMessage(connection: Connection, frames: Buffer[]) {
        measures.received(side);
        room.message(connection, frames, core, now());
      },
      onClose(connection: Connection, error: Error | undefined) {
        measures.connected(side, -1);
        serverKeys.closed(side, connection);
        room.closed(connection, error === undefined, core, now());
      },
      onHandshakeFailure(remote: string, error: Error) {
        measures.handshakeFailed(side);
        limited.warn(`${side} ${error.message}`, { side, remote, reason: error.message }, "handshake failed");
      },
      onRefused(remote: string) {
        measures.handshakeFailed(side);
        limited.warn(`${side} refused`, { side, remote }, "connection refused: there are as many as are allowed");
      },
    });
  const frontendListener = await open("frontend", settings.frontend, settings.maxClients, frontend.room);
  let backendListener: Listener;
  try {
    backendListener = await open("backend", settings.backend, settings.maxWorkers, backend.room);
  } catch (error) {
    await frontendListener.close(0);
    throw error;
  }

  const ticking = setInterval(() => core.tick(now()), settings.heartbeatIntervalMs);
  const pulsing = setInterval(() => core.pulse(now()), pulseMs);
  return {
    core,
    status,
    async close(lingerMs) {
      clearInterval(ticking);
      clearInterval(pulsing);
      core.close(now());
      frontend.flush();
      backend.flush();
      await Promise.all([frontendListener.close(lingerMs), backendListener.close(lingerMs)]);
    },
  };
}
