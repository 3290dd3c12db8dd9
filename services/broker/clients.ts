import { spokenVersions } from "../majordomo/extension/codes.ts";
import type { Role } from "../majordomo/extension/codes.ts";
import type { Body, Form } from "../majordomo/message.ts";
import { createMovePlain } from "./move-plain.ts";
import type { BrokerLimits, Outbox } from "./outbox.ts";
import type { Requests } from "./requests.ts";
import type { Client, ClientPeer, Ended, Request } from "./state.ts";

/** Answers the names that begin `mmi.` (RFC 8): the reply, or nothing for an ordinary service. */
export type Management = (service: string, body: Buffer) => Buffer | undefined;

/** What clients may do. */
export interface Clients {
  readonly count: number;
  /** Connected ones of ours that wait for nothing: they come back elsewhere by themselves. */
  readonly idleOurs: number;
  /** Connections of ours, and of all others; who has only asked for the broker's own state is not among them. */
  readonly connected: { readonly ours: number; readonly plain: number };
  /** A connection is there. */
  opened(peer: ClientPeer): void;
  hello(peer: ClientPeer, versionFrom: number, versionTo: number, instance: string, nowMs: number): void;
  heartbeat(peer: ClientPeer, nowMs: number): void;
  request(
    peer: ClientPeer,
    id: number,
    timeoutMs: number,
    service: string,
    trace: string | undefined,
    partialCredit: number,
    body: Buffer,
    nowMs: number,
  ): void;
  plainRequest(peer: ClientPeer, form: Form, service: string, body: Buffer, more: Body | undefined, nowMs: number): void;
  cancel(peer: ClientPeer, id: number, nowMs: number): void;
  partialCredit(peer: ClientPeer, id: number, count: number, nowMs: number): void;
  disconnect(peer: ClientPeer, nowMs: number): void;
  /** Its connection is closed. */
  closed(peer: ClientPeer, nowMs: number): void;
  /** Sends heartbeats and buries the silent. */
  tick(nowMs: number, lateMs: number): void;
  /** Drops what clients left behind that did not come back in time. */
  forgetGone(nowMs: number): void;
  /** Makes plain clients come back elsewhere, see `move-plain.ts`. */
  movePlain(nowMs: number): void;
  setRole(role: Role): void;
  all(): Iterable<Client>;
}

export function createClients(limits: BrokerLimits, outbox: Outbox, requests: Requests, manage: Management): Clients {
  const ours = new Map<string, Client>();
  const plain = new Set<Client>();
  const gone = new Set<Client>();
  /** Connections that have not said yet whose they are. */
  const strangers = new Set<ClientPeer>();
  const movePlain = createMovePlain(limits, outbox.plainClose);
  const silenceMs = limits.heartbeatIntervalMs * limits.heartbeatLiveness;
  let role: Role = "active";
  let plainIds = 0;

  const create = (key: string | undefined, instance: Buffer, peer: ClientPeer, nowMs: number): Client => ({
    key,
    instance,
    peer,
    requests: new Map(),
    plain: key === undefined ? new Set() : undefined,
    outstanding: 0,
    bytes: 0,
    heardAtMs: nowMs,
    goneAtMs: undefined,
    asked: "nothing",
  });

  const full = (): boolean => {
    if (ours.size + plain.size < limits.maxClients) return false;
    outbox.rejected("MAX_CLIENTS", "");
    return true;
  };

  const forget = (client: Client, nowMs: number): void => {
    if (client.key !== undefined) ours.delete(client.key);
    plain.delete(client);
    gone.delete(client);
    client.peer = undefined;
    for (const request of client.plain ?? client.requests.values()) if ("ended" in request && !request.ended) requests.drop(request, "client_gone", nowMs);
    requests.memory.forgetClient(client);
  };

  const detach = (client: Client, nowMs: number): void => {
    client.peer = undefined;
    client.goneAtMs = nowMs;
    gone.add(client);
  };

  const turnAway = (peer: ClientPeer, reason: string): void => {
    outbox.dropped("unexpected_command");
    outbox.clientDisconnect(peer, reason);
  };

  /** The client at this connection, heard now. One that has not said HELLO is told so. */
  const known = (peer: ClientPeer, nowMs: number): Client | undefined => {
    const { client } = peer;
    if (client === undefined || client.key === undefined) {
      turnAway(peer, "HELLO first");
      return undefined;
    }
    client.heardAtMs = nowMs;
    return client;
  };

  const answerAgain = (peer: ClientPeer, ended: Ended): void => {
    outbox.duplicate("replayed");
    if (ended.error !== undefined) outbox.error(peer, ended.id, ended.error.name, ended.error.executed, ended.error.message);
    else outbox.reply(peer, ended.id, ended.body!, undefined);
  };

  /** Parts that went to a lost connection cannot be sent again, so such a request cannot go on. */
  const attachAgain = (request: Request, nowMs: number): void => {
    outbox.duplicate("attached");
    if (request.extra?.partlyAnswered !== true) return;
    requests.fail(request, "interrupted", "maybe", "the connection was lost after a part of the reply", nowMs);
    requests.cancel(request);
  };

  return {
    get count() {
      return ours.size + plain.size;
    },
    get idleOurs() {
      let idle = 0;
      for (const client of ours.values()) if (client.peer !== undefined && client.outstanding === 0) idle += 1;
      return idle;
    },
    get connected() {
      let visible = 0;
      for (const client of ours.values()) if (client.peer !== undefined && client.asked !== "state") visible += 1;
      return { ours: visible, plain: plain.size + strangers.size };
    },
    opened: (peer) => void strangers.add(peer),
    all: function* () {
      yield* ours.values();
      yield* plain;
    },
    hello(peer, versionFrom, versionTo, instance, nowMs) {
      const version = Math.min(versionTo, spokenVersions.to);
      if (peer.client !== undefined) {
        turnAway(peer, "HELLO once");
        return;
      }
      if (version < versionFrom || version < spokenVersions.from) {
        outbox.clientDisconnect(peer, `version: this broker speaks ${spokenVersions.from} to ${spokenVersions.to}`);
        return;
      }
      const key = `${instance}/${peer.identity?.publicKey ?? ""}`;
      let client = ours.get(key);
      if (client === undefined) {
        if (full()) {
          outbox.clientDisconnect(peer, "busy: MAX_CLIENTS is reached");
          return;
        }
        client = create(key, Buffer.from(instance, "hex"), peer, nowMs);
        ours.set(key, client);
      } else if (client.peer !== undefined) {
        client.peer.client = undefined;
        outbox.clientDisconnect(client.peer, "another connection of this instance took over");
      }
      strangers.delete(peer);
      gone.delete(client);
      client.peer = peer;
      client.goneAtMs = undefined;
      client.heardAtMs = nowMs;
      peer.client = client;
      outbox.clientWelcome(peer, version, role);
    },
    heartbeat(peer, nowMs) {
      known(peer, nowMs);
    },
    request(peer, id, timeoutMs, service, trace, partialCredit, body, nowMs) {
      const client = known(peer, nowMs);
      if (client === undefined) return;
      const before = client.requests.get(id);
      if (before !== undefined) {
        if ("ended" in before) attachAgain(before, nowMs);
        else answerAgain(peer, before);
        return;
      }
      // Before the state is described, so that the one who asks is not in it.
      if (!service.startsWith("mmi.")) client.asked = "requests";
      else if (client.asked === "nothing") client.asked = "state";
      const answer = manage(service, body);
      if (answer !== undefined) outbox.reply(peer, id, answer, undefined);
      else if (body.length > limits.maxMessageBytes)
        outbox.error(peer, id, "too_large", "no", `the request has ${body.length} bytes, at most ${limits.maxMessageBytes} are allowed (MAX_MESSAGE_SIZE)`);
      else if (role === "terminating") outbox.error(peer, id, "draining", "no", "the broker is about to end");
      else if (peer.identity?.services !== undefined && !peer.identity.services.includes(service)) {
        outbox.error(peer, id, "forbidden", "no", `the key of ${peer.identity.name} is not admitted to ${JSON.stringify(service)}`);
      } else requests.accept(client, id, undefined, service, body, undefined, trace, partialCredit, timeoutMs, nowMs);
    },
    plainRequest(peer, form, service, body, more, nowMs) {
      let { client } = peer;
      if (client?.key !== undefined) {
        turnAway(peer, "a plain request on a connection that said HELLO");
        return;
      }
      const answer = manage(service, more === undefined ? body : more[more.length - 1]!);
      if (answer !== undefined) {
        outbox.plainReply(peer, form, "final", service, answer, undefined);
        return;
      }
      if (client === undefined) {
        if (full()) {
          outbox.dropped("plain_error");
          return;
        }
        client = create(undefined, limits.instance, peer, nowMs);
        peer.client = client;
        strangers.delete(peer);
        plain.add(client);
      }
      if (peer.identity?.services !== undefined && !peer.identity.services.includes(service)) {
        outbox.dropped("plain_error");
        return;
      }
      plainIds = (plainIds + 1) >>> 0;
      requests.accept(client, plainIds, form, service, body, more, undefined, 0, 0, nowMs);
    },
    cancel(peer, id, nowMs) {
      const request = known(peer, nowMs)?.requests.get(id);
      if (request !== undefined && "ended" in request) requests.drop(request, "cancelled", nowMs);
    },
    partialCredit(peer, id, count, nowMs) {
      const request = known(peer, nowMs)?.requests.get(id);
      if (request === undefined || !("ended" in request) || request.extra === undefined || request.extra.partialCredit === 0) return;
      if (request.worker === undefined) request.extra.partialCredit = Math.min(request.extra.partialCredit + count, 0xffff_ffff);
      else if (request.worker.form === undefined) outbox.partialCredit(request.worker.peer, request.delivery, count);
    },
    disconnect(peer, nowMs) {
      const client = known(peer, nowMs);
      if (client === undefined) return;
      peer.client = undefined;
      forget(client, nowMs);
    },
    closed(peer, nowMs) {
      const { client } = peer;
      strangers.delete(peer);
      movePlain.closed(peer);
      if (client === undefined) return;
      peer.client = undefined;
      if (client.key === undefined || limits.clientGraceMs === 0) forget(client, nowMs);
      else detach(client, nowMs);
    },
    tick(nowMs, lateMs) {
      for (const client of ours.values()) {
        client.heardAtMs += lateMs;
        if (client.peer === undefined) continue;
        if (nowMs - client.heardAtMs >= silenceMs) {
          const { peer } = client;
          peer.client = undefined;
          detach(client, nowMs);
          outbox.clientDisconnect(peer, "silent");
        } else {
          outbox.clientHeartbeat(client.peer, role);
        }
      }
    },
    forgetGone(nowMs) {
      // In the order in which they went.
      for (const client of gone) {
        if (nowMs - client.goneAtMs! < limits.clientGraceMs) return;
        forget(client, nowMs);
      }
    },
    movePlain: (nowMs) =>
      movePlain.pulse(nowMs, function* () {
        yield* strangers;
        for (const { peer } of plain) yield peer!;
      }),
    setRole(next) {
      if (next === role) return;
      role = next;
      movePlain.setRole(next);
      for (const client of ours.values()) if (client.peer !== undefined) outbox.goAway(client.peer, role);
    },
  };
}
