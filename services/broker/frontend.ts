import { decodeFromClient, encodeToClient } from "../majordomo/client.ts";
import { isClientMessage, readFromClient, toClient } from "../majordomo/extension/client.ts";
import type { FromClientVisitor, Welcome } from "../majordomo/extension/client.ts";
import { createOutgoing } from "../majordomo/extension/outgoing.ts";
import type { Gathering } from "../majordomo/extension/outgoing.ts";
import { RecordError } from "../majordomo/extension/reader.ts";
import type { LimitedLog } from "../process/limited-log.ts";
import type { Connection } from "../transport/zmtp/connection.ts";
import type { Broker } from "./core.ts";
import type { Measures } from "./measures.ts";
import type { Outbox } from "./outbox.ts";
import type { Client, ClientPeer } from "./state.ts";

/** Where a side's connections come in. */
export interface Room {
  opened(connection: Connection, core: Broker): void;
  message(connection: Connection, frames: Buffer[], core: Broker, nowMs: number): void;
  /** `cleanly`: by the other side, after all that it had sent was read. */
  closed(connection: Connection, cleanly: boolean, core: Broker, nowMs: number): void;
}

type ToClients = Pick<
  Outbox,
  "plainReply" | "clientWelcome" | "clientHeartbeat" | "reply" | "partial" | "error" | "goAway" | "plainClose" | "clientDisconnect"
>;

class Peer implements ClientPeer, Gathering {
  readonly connection: Connection;
  client: Client | undefined = undefined;
  delimited = false;
  writer: Gathering["writer"] = undefined;
  constructor(connection: Connection) {
    this.connection = connection;
  }
  get identity(): ClientPeer["identity"] {
    return this.connection.identity;
  }
}

/** Clients' frames ⇄ the core's calls. */
export function createFrontend(
  about: Omit<Welcome, "version" | "role">,
  measures: Measures,
  log: LimitedLog,
): { room: Room; outbox: ToClients; flush(): void } {
  const peers = new Map<Connection, Peer>();
  const outgoing = createOutgoing<Peer>({
    onSent: () => measures.sent("frontend"),
    onSlow(link) {
      measures.dropped("client_slow");
      log.warn(
        "frontend slow",
        { remote: link.connection.remote, unsentBytes: link.connection.unsentBytes },
        "a client does not read: its connection is closed",
      );
      link.connection.destroy(new Error("the peer does not read"));
    },
  });

  // One visitor for all messages: which peer and when is set before each.
  let peer!: Peer;
  let core!: Broker;
  let nowMs = 0;
  const visitor: FromClientVisitor = {
    hello: (from, to, instance) => core.clients.hello(peer, from, to, instance, nowMs),
    heartbeat: () => core.clients.heartbeat(peer, nowMs),
    request: (id, timeoutMs, _retry, service, trace, partialCredit, body) =>
      core.clients.request(peer, id, timeoutMs, service, trace, partialCredit, body, nowMs),
    cancel: (id) => core.clients.cancel(peer, id, nowMs),
    partialCredit: (id, count) => core.clients.partialCredit(peer, id, count, nowMs),
    disconnect: () => core.clients.disconnect(peer, nowMs),
  };

  const malformed = (where: string, what: string): void => {
    measures.dropped("malformed");
    log.debug(`frontend malformed ${where}`, { side: "frontend", remote: peer.connection.remote, where, what }, "malformed message");
  };

  const plain = (frames: Buffer[]): void => {
    const command = decodeFromClient(frames);
    if (command.kind === "problem") malformed(command.where, command.what);
    else if (command.kind === "ping") outgoing.send(peer, encodeToClient({ kind: "pong", delimited: command.delimited }));
    else {
      const { form, service, body } = command;
      core.clients.plainRequest(peer, form, service, body[0]!, body.length === 1 ? undefined : body.slice(1), nowMs);
    }
  };

  const disconnect = (to: ClientPeer, reason: string): void => {
    toClient.disconnect(outgoing.writer(to as Peer), reason);
    outgoing.flush();
    (to as Peer).connection.end();
  };

  return {
    flush: outgoing.flush,
    room: {
      opened(connection, broker) {
        const opened = new Peer(connection);
        peers.set(connection, opened);
        broker.clients.opened(opened);
      },
      closed(connection, _cleanly, broker, at) {
        const gone = peers.get(connection);
        peers.delete(connection);
        if (gone !== undefined) broker.clients.closed(gone, at);
      },
      message(connection, frames, broker, at) {
        const from = peers.get(connection);
        if (from === undefined) return;
        peer = from;
        core = broker;
        nowMs = at;
        const delimited = frames.length > 1 && frames[0]!.length === 0;
        const bare = delimited ? frames.slice(1) : frames;
        if (!isClientMessage(bare)) {
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
          readFromClient(bare, visitor);
        } catch (error) {
          if (!(error instanceof RecordError)) throw error;
          malformed("record", error.message);
          disconnect(from, `malformed: ${error.message}`);
        }
      },
    },
    outbox: {
      plainReply(to, form, part, service, body, more) {
        outgoing.send(to as Peer, encodeToClient({ kind: "reply", form, part, service, body: more === undefined ? [body] : [body, ...more] }));
      },
      clientWelcome(to, version, role) {
        toClient.welcome(outgoing.writer(to as Peer), { ...about, version, role });
      },
      clientHeartbeat: (to, role) => toClient.heartbeat(outgoing.writer(to as Peer), role),
      reply(to, id, body, more) {
        toClient.reply(outgoing.writer(to as Peer), id, body, more);
        outgoing.written(to as Peer);
      },
      partial(to, id, body, more) {
        toClient.partial(outgoing.writer(to as Peer), id, body, more);
        outgoing.written(to as Peer);
      },
      error(to, id, name, executed, message) {
        toClient.error(outgoing.writer(to as Peer), id, name, executed, message);
        outgoing.written(to as Peer);
      },
      plainClose: (to) => (to as Peer).connection.end(),
      goAway: (to, role) => toClient.goAway(outgoing.writer(to as Peer), role),
      clientDisconnect: disconnect,
    },
  };
}
