// Part of the stand-ins for Pulumi plugins. A resource provider written with plain objects, served to the engine.
// Providers see no marks of secrets: what they answer is marked as the inputs were. Invokes and components are refused.

import grpc from "@grpc/grpc-js";
import pluginMessages from "@pulumi/pulumi/proto/plugin_pb.js";
import providerService from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import messages from "@pulumi/pulumi/proto/provider_pb.js";
import statusMessages from "@pulumi/pulumi/proto/status_pb.js";
import anyMessages from "google-protobuf/google/protobuf/any_pb.js";
import emptyMessages from "google-protobuf/google/protobuf/empty_pb.js";
import structMessages from "google-protobuf/google/protobuf/struct_pb.js";
import { serve, unary } from "./grpc-server.ts";
import type { Change } from "./property-diff.ts";
import { type Properties, markSecrets, reveal } from "./property-values.ts";

export interface Operation {
  urn: string;
  type: string;
  name: string;
  id: string;
  inputs: Properties;
  oldInputs: Properties;
  state: Properties;
  /** Paths that the program leaves to others. */
  ignoreChanges: string[];
  preview: boolean;
  timeoutSeconds: number;
  randomSeed: Uint8Array;
}

export interface Difference {
  changes: Map<string, Change>;
  replaces?: (path: string) => boolean;
  deleteBeforeReplace?: boolean;
}

export interface Provider {
  version: string;
  /** Settings that this provider does not know. */
  unknownSettings(settings: Properties): string[];
  diffSettings(before: Properties, after: Properties): Difference;
  configure(settings: Properties, urn: string): Promise<void>;
  check(operation: Operation): Promise<Properties>;
  diff(operation: Operation): Promise<Difference>;
  /** Without a state in a preview: nothing can be told before the update. */
  create(operation: Operation): Promise<{ id: string; state?: Properties }>;
  update(operation: Operation): Promise<{ id?: string; state?: Properties }>;
  read(operation: Operation): Promise<{ inputs: Properties; state: Properties } | undefined>;
  delete(operation: Operation): Promise<void>;
  cancel(): void;
}

/** The resource exists but is not as it was asked to be; the next update tries again. */
export class InitializationFailed extends Error {
  readonly outcome: { id: string; inputs: Properties; state: Properties };
  constructor(message: string, outcome: InitializationFailed["outcome"]) {
    super(message);
    this.outcome = outcome;
  }
}

const struct = (properties: Properties) => structMessages.Struct.fromJavaScript(JSON.parse(JSON.stringify(properties)));
const plain = (message: any): any => message?.toJavaScript() ?? {};

const operation = (request: any): Operation => ({
  urn: request.getUrn(),
  type: request.getUrn().split("::")[2].split("$").at(-1),
  name: request.getUrn().split("::").slice(3).join("::"),
  id: request.getId?.() ?? "",
  inputs: reveal(plain(request.getNews?.() ?? request.getProperties?.())),
  oldInputs: reveal(plain(request.getOldInputs?.() ?? request.getInputs?.() ?? request.getOlds?.())),
  state: reveal(plain(request.getOlds?.() ?? request.getProperties?.())),
  ignoreChanges: request.getIgnorechangesList?.() ?? [],
  preview: request.getPreview?.() ?? false,
  timeoutSeconds: request.getTimeout?.() ?? 0,
  randomSeed: request.getRandomseed_asU8?.() ?? new Uint8Array(),
});

/** As the genuine plugins do, the state also holds the inputs, so that they can take over a stack of the stand-ins. */
const checkpoint = (state: Properties, inputs: Properties, marked: Properties) =>
  struct({ ...markSecrets(state, marked), __inputs: markSecrets(inputs, marked) });

async function orInitializationFailure<Outcome>(marked: Properties, outcome: Promise<Outcome>): Promise<Outcome> {
  try {
    return await outcome;
  } catch (error) {
    if (!(error instanceof InitializationFailed)) throw error;
    const { id, inputs, state } = error.outcome;
    const detail = new messages.ErrorResourceInitFailed()
      .setId(id)
      .setReasonsList([error.message])
      .setProperties(checkpoint(state, inputs, marked))
      .setInputs(struct(markSecrets(inputs, marked)));
    const packed = new anyMessages.Any();
    packed.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
    const status = new statusMessages.Status().setCode(grpc.status.UNKNOWN).setMessage(error.message).setDetailsList([packed]);
    const metadata = new grpc.Metadata();
    metadata.set("grpc-status-details-bin", Buffer.from(status.serializeBinary()));
    throw Object.assign(error, { metadata });
  }
}

function diffResponse({ changes, replaces = () => false, deleteBeforeReplace = false }: Difference) {
  const replaced = [...changes.keys()].filter(replaces);
  const response = new messages.DiffResponse()
    .setHasdetaileddiff(true)
    .setReplacesList(replaced)
    .setDeletebeforereplace(deleteBeforeReplace && replaced.length > 0)
    .setChanges(changes.size > 0 ? messages.DiffResponse.DiffChanges.DIFF_SOME : messages.DiffResponse.DiffChanges.DIFF_NONE);
  for (const [path, change] of changes) {
    const kind = `${change.toUpperCase()}${replaces(path) ? "_REPLACE" : ""}` as "UPDATE";
    response.getDetaileddiffMap().set(path, new messages.PropertyDiff().setKind(messages.PropertyDiff.Kind[kind]).setInputdiff(true));
  }
  return response;
}

export function serveProvider(provider: Provider): Promise<void> {
  const nothing = () => new emptyMessages.Empty();
  const refuse = unary((request: any) => {
    throw new Error(`${request.getTok?.() || request.getType()}: the stand-in has no functions and no components`);
  });
  return serve(providerService.ResourceProviderService as unknown as grpc.ServiceDefinition, {
    getPluginInfo: unary(() => new pluginMessages.PluginInfo().setVersion(provider.version)),
    attach: unary(nothing),
    cancel: unary(() => {
      provider.cancel();
      return nothing();
    }),
    getSchema: unary(() => new messages.GetSchemaResponse().setSchema("{}")),
    invoke: refuse,
    call: refuse,
    construct: refuse,
    checkConfig: unary((request: any) =>
      new messages.CheckResponse()
        .setInputs(request.getNews())
        .setFailuresList(
          provider
            .unknownSettings(reveal(plain(request.getNews())))
            .map((name) => new messages.CheckFailure().setProperty(name).setReason("the stand-in does not know this setting")),
        ),
    ),
    diffConfig: unary((request: any) =>
      diffResponse(provider.diffSettings(reveal(plain(request.getOldInputs() ?? request.getOlds())), reveal(plain(request.getNews())))),
    ),
    configure: unary(async (request: any) => {
      await provider.configure(reveal(plain(request.getArgs())), request.getUrn());
      return new messages.ConfigureResponse().setAcceptsecrets(true).setSupportspreview(true);
    }),
    check: unary(async (request: any) =>
      new messages.CheckResponse().setInputs(struct(markSecrets(await provider.check(operation(request)), plain(request.getNews())))),
    ),
    diff: unary(async (request: any) => diffResponse(await provider.diff(operation(request)))),
    create: unary(async (request: any) => {
      const asked = operation(request);
      const marked = plain(request.getProperties());
      const { id, state } = await orInitializationFailure(marked, provider.create(asked));
      return new messages.CreateResponse().setId(id).setProperties(state ? checkpoint(state, asked.inputs, marked) : request.getProperties());
    }),
    update: unary(async (request: any) => {
      const asked = operation(request);
      const marked = plain(request.getNews());
      const { state } = await orInitializationFailure(marked, provider.update(asked));
      return new messages.UpdateResponse().setProperties(state ? checkpoint(state, asked.inputs, marked) : request.getNews());
    }),
    read: unary(async (request: any) => {
      const marked = plain(request.getInputs());
      const found = await orInitializationFailure(marked, provider.read(operation(request)));
      if (!found) return new messages.ReadResponse();
      return new messages.ReadResponse()
        .setId(request.getId())
        .setInputs(struct(markSecrets(found.inputs, marked)))
        .setProperties(checkpoint(found.state, found.inputs, marked));
    }),
    delete: unary(async (request: any) => {
      await provider.delete(operation(request));
      return nothing();
    }),
  });
}
