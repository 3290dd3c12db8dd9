import { decodeFromWorker, encodeWorkerMessage } from "../majordomo/worker.ts";
import type { Welcome } from "../majordomo/extension/client.ts";
import { createOutgoing } from "../majordomo/extension/outgoing.ts";
import type { Gathering } from "../majordomo/extension/outgoing.ts";
import { RecordError } from "../majordomo/extension/reader.ts";
import { isWorkerMessage, readFromWorker, toWorker } from "../majordomo/extension/worker.ts";
import type { FromWorkerVisitor } from "../majordomo/extension/worker.ts";
import type { LimitedLog } from "../process/limited-log.ts";
import type { Logger } from "../process/log.ts";
import type { Connection } from "../transport/zmtp/connection.ts";
import type { Broker } from "./core.ts";
import { createAddresses } from "./delivery.ts";
import type { Addresses } from "./delivery.ts";
import type { Room } from "./frontend.ts";
import type { Measures } from "./measures.ts";
import type { Outbox } from "./outbox.ts";
import type { Worker, WorkerPeer } from "./state.ts";

type ToWorkers = Pick<
  Outbox,
  | "plainRequest"
  | "plainHeartbeat"
  | "plainDisconnect"
  | "workerWelcome"
  | "workerHeartbeat"
  | "request"
  | "cancel"
  | "partialCredit"
  | "backlog"
  | "workerDisconnect"
  | "workerJoined"
  | "workerLeft"
>;

class Peer implements WorkerPeer, Gathering {
  readonly connection: Connection;
  worker: Worker | undefined = undefined;
  greeted = false;
  delimited = false;
  writer: Gathering["writer"] = undefined;
  /** For a plain worker. */
  #addresses: Addresses | undefined;
  constructor(connection: Connection) {
    this.connection = connection;
  }
  get identity(): WorkerPeer["identity"] {
    return this.connection.identity;
  }
  get addresses(): Addresses {
    return (this.#addresses ??= createAddresses());
  }
}

/** Workers' frames ⇄ the core's calls. */
export function createBackend(
  about: Omit<Welcome, "version" | "role">,
  measures: Measures,
  log: Logger,
  limited: LimitedLog,
): { room: Room; outbox: ToWorkers; flush(): void } {
  const peers = new Map<Connection, Peer>();
  const outgoing = createOutgoing<Peer>({
    onSent: () => measures.sent("backend"),
    onSlow(link) {
      limited.warn(
        "backend slow",
        { remote: link.connection.remote, unsentBytes: link.connection.unsentBytes },
        "a worker does not read: its connection is closed",
      );
      link.connection.destroy(new Error("the peer does not read"));
    },
  });

  // One visitor for all messages: which peer and when is set before each.
  let peer!: Peer;
  let core!: Broker;
  let nowMs = 0;
  const visitor: FromWorkerVisitor = {
    hello: (from, to) => core.workers.hello(peer, from, to, nowMs),
    heartbeat: () => core.workers.heartbeat(peer, nowMs),
    ready: (service) => core.workers.ready(peer, service, nowMs),
    credit: (count) => core.workers.credit(peer, count, nowMs),
    started: (upTo) => core.workers.started(peer, upTo, nowMs),
    reply: (delivery, body) => core.workers.reply(peer, delivery, body, nowMs),
    partial: (delivery, body) => core.workers.partial(peer, delivery, body, nowMs),
    error: (delivery, name, message) => core.workers.error(peer, delivery, name, message, nowMs),
    notStarted: (delivery) => core.workers.notStarted(peer, delivery, nowMs),
    leaving: () => core.workers.leaving(peer, nowMs),
    disconnect: () => core.workers.disconnect(peer, nowMs),
  };

  const malformed = (where: string, what: string): void => {
    measures.dropped("malformed");
    limited.debug(`backend malformed ${where}`, { side: "backend", remote: peer.connection.remote, where, what }, "malformed message");
    core.workers.malformed(peer, `malformed: ${where}: ${what}`, nowMs);
  };

  const plain = (frames: Buffer[]): void => {
    const message = decodeFromWorker(frames);
    if (message.kind === "problem") malformed(message.where, message.what);
    else if (message.kind === "partial" || message.kind === "final") {
      core.workers.plain(peer, { kind: message.kind, form: message.form, delivery: peer.addresses.read(message.address), body: message.body }, nowMs);
    } else {
      core.workers.plain(peer, message, nowMs);
    }
  };

  return {
    flush: outgoing.flush,
    room: {
      opened: (connection) => void peers.set(connection, new Peer(connection)),
      closed(connection, cleanly, broker, at) {
        const gone = peers.get(connection);
        peers.delete(connection);
        if (gone !== undefined) broker.workers.closed(gone, cleanly, at);
      },
      message(connection, frames, broker, at) {
        const from = peers.get(connection);
        if (from === undefined) return;
        peer = from;
        core = broker;
        nowMs = at;
        const delimited = frames.length > 1 && frames[0]!.length === 0;
        const bare = delimited ? frames.slice(1) : frames;
        if (!isWorkerMessage(bare)) {
          if (frames.some((frame) => frame.length > about.maxBodyBytes)) {
            measures.dropped("malformed");
            connection.destroy(new Error(`a frame of more than ${about.maxBodyBytes} bytes`));
            return;
          }
          plain(frames);
          return;
        }
        from.delimited = delimited;
        try {
          readFromWorker(bare, visitor);
        } catch (error) {
          if (!(error instanceof RecordError)) throw error;
          malformed("record", error.message);
        }
      },
    },
    outbox: {
      plainRequest(to, form, delivery, body, more) {
        const { addresses } = to as Peer;
        return outgoing.send(
          to as Peer,
          encodeWorkerMessage({ kind: "request", form, address: [addresses.of(delivery)], body: more === undefined ? [body] : [body, ...more] }),
        );
      },
      plainHeartbeat: (to, form) => void outgoing.send(to as Peer, encodeWorkerMessage({ kind: "heartbeat", form })),
      plainDisconnect: (to, form) => void outgoing.send(to as Peer, encodeWorkerMessage({ kind: "disconnect", form })),
      workerWelcome: (to, version, role) => toWorker.welcome(outgoing.writer(to as Peer), { ...about, version, role }),
      workerHeartbeat: (to, backlog) => toWorker.heartbeat(outgoing.writer(to as Peer), backlog),
      request(to, delivery, timeoutMs, attempt, client, id, trace, partialCredit, body, more) {
        toWorker.request(outgoing.writer(to as Peer), delivery, timeoutMs, attempt, client, id, trace, partialCredit, body, more);
        outgoing.written(to as Peer);
      },
      cancel: (to, delivery) => toWorker.cancel(outgoing.writer(to as Peer), delivery),
      partialCredit: (to, delivery, count) => toWorker.partialCredit(outgoing.writer(to as Peer), delivery, count),
      backlog: (to, count) => toWorker.backlog(outgoing.writer(to as Peer), count),
      workerDisconnect(to, reason) {
        toWorker.disconnect(outgoing.writer(to as Peer), reason);
        outgoing.flush();
        (to as Peer).connection.end();
      },
      workerJoined: (worker, service) => log.info({ remote: (worker as Peer).connection.remote, service }, "worker joined"),
      workerLeft: (worker, service, why) => log.info({ remote: (worker as Peer).connection.remote, service, why }, "worker left"),
    },
  };
}
