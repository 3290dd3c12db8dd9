// Stand-in for `pulumi-resource-kubernetes`, used where the genuine plugin cannot be downloaded.
// Any kind that the API server knows, by server-side apply. It does not: Patch and List resources, Helm, Kustomize, YAML
// files, `pulumi.com/waitFor` but for `condition=…`, `generateName`, validation without a cluster, awaiting Ingress and
// PersistentVolumeClaim.

import { randomBytes } from "node:crypto";
import { createRequire } from "node:module";
import { setTimeout } from "node:timers/promises";
import { log } from "../grpc-server.ts";
import { differences, touches } from "../property-diff.ts";
import { type Properties, hasUnknown, secret } from "../property-values.ts";
import { InitializationFailed, type Operation, serveProvider } from "../resource-provider.ts";
import { type Patience, awaitGone, awaitReady, missing } from "./await.ts";
import { type Cluster, RequestFailed, chooseContext, connect } from "./cluster.ts";
import { isClusterScoped, kindOf, named } from "./identity.ts";
import { importable, observed } from "./live-state.ts";
import { leftToOthers } from "./managers.ts";
import { readiness, waitForForm } from "./readiness.ts";
import { isAutonamed, needsReplacement } from "./replacement.ts";

const advice = `If the cluster was deleted, you can remove this resource from Pulumi state by rerunning the operation with the PULUMI_K8S_DELETE_UNREACHABLE environment variable set to "true"`;
const annotation = (object: Properties, name: string): string | undefined => object.metadata?.annotations?.[`pulumi.com/${name}`];
const cancellation = new AbortController();
const settingNames = ["kubeconfig", "context", "cluster", "namespace", "deleteUnreachable", "enableConfigMapMutable", "enableSecretMutable", "version"];

let cluster: Cluster | undefined;
let unreachable = "not configured";
let defaultNamespace = "default";
let deleteUnreachable = false;
let mutableKinds: string[] = [];

const identify = ({ metadata: { namespace, name } }: Properties) => (namespace ? `${namespace}/${name}` : name);

function reachable(): Cluster {
  if (!cluster) throw new Error(`configured Kubernetes cluster is unreachable: ${unreachable}`);
  return cluster;
}

/** True if the engine may forget what cannot be asked for any more. */
function abandoned(urn: string): boolean {
  if (cluster) return false;
  log("WARNING", urn, `configured Kubernetes cluster is unreachable: ${unreachable}`);
  if (!deleteUnreachable && process.env.PULUMI_K8S_DELETE_UNREACHABLE !== "true") throw new Error(`configured Kubernetes cluster is unreachable. ${advice}`);
  return true;
}

async function isNamespaced({ apiVersion, kind }: Properties): Promise<boolean> {
  return (await cluster?.kind(apiVersion, kind))?.namespaced ?? !isClusterScoped(kind);
}

const replaceUnready = 'metadata.annotations["pulumi.com/replaceUnready"]';

/** Whether a Job asks to be run anew, and has not ended well. One that is gone from the cluster is left to a refresh. */
async function isUnreadyJob(inputs: Properties, state: Properties): Promise<boolean> {
  if (inputs.kind !== "Job" || annotation(inputs, "replaceUnready") !== "true" || !cluster) return false;
  const live = await cluster.get(state).catch(() => undefined);
  return live !== undefined && !readiness(live).ready;
}

function patience(object: Properties, { urn, timeoutSeconds }: Operation): Patience {
  let last = "";
  return {
    timeoutSeconds: timeoutSeconds || Number(annotation(object, "timeoutSeconds")) || 600,
    cancelled: cancellation.signal,
    report: (message) => message !== last && log("INFO", urn, (last = message), true),
  };
}

/** A Secret's data is secret whether the inputs were or not. */
const guarded = (live: Properties): Properties => (live.kind === "Secret" && live.data ? { ...live, data: secret(live.data) } : live);

/** What the engine keeps: the live object, and who of its managers is us. */
function outcome(inputs: Properties, live: Properties, manager?: string, preview = false) {
  const { managedFields: _, ...metadata } = live.metadata;
  const state = { ...guarded(live), metadata, ...(preview && { status: undefined }), __initialApiVersion: inputs.apiVersion, __fieldManager: manager };
  return { id: preview ? "" : identify(live), inputs, state };
}

async function apply(operation: Operation, attempts: number) {
  const { inputs, state: old, preview } = operation;
  const unknown = hasUnknown(inputs) || !cluster || !(await cluster.kind(inputs.apiVersion, inputs.kind));
  if (preview && unknown) return { id: "" };
  const manager = annotation(inputs, "patchFieldManager") ?? old.__fieldManager ?? `pulumi-kubernetes-${randomBytes(4).toString("hex")}`;
  const force = preview || annotation(inputs, "patchForce") === "true";
  for (let attempt = 1; ; attempt++) {
    try {
      const sent = operation.ignoreChanges.length === 0 ? inputs : leftToOthers(inputs, await reachable().get(old), manager, operation.ignoreChanges);
      const applied = await reachable().apply(sent, manager, { force, dryRun: preview });
      if (preview || annotation(inputs, "skipAwait") === "true") return outcome(inputs, applied, manager, preview);
      const { live, trouble } = await awaitReady(reachable(), applied, patience(inputs, operation));
      if (trouble) throw new InitializationFailed(trouble, outcome(inputs, live, manager));
      return outcome(inputs, live, manager);
    } catch (error) {
      if (!(error instanceof RequestFailed)) throw error;
      const untellable = error.code === 403 || error.code === 404 || /field is immutable/.test(error.message);
      if (preview && untellable) return { id: "" };
      if (error.code === 409)
        throw new Error(
          `Server-Side Apply field conflict detected: ${error.message}\nAnother field manager owns these fields; pulumi.com/patchForce: "true" takes them over`,
        );
      if (error.code !== 404 || attempt >= attempts) throw new Error(`${inputs.kind} ${identify(inputs)} was not applied: ${error.message}`);
      log("INFO", operation.urn, `attempt ${attempt} failed: ${error.message}`, true);
      await setTimeout(500 * 2 ** attempt, undefined, { signal: cancellation.signal });
    }
  }
}

await serveProvider({
  version: createRequire(import.meta.url)("@pulumi/kubernetes/package.json").version,
  cancel: () => cancellation.abort(),
  unknownSettings: (settings) => Object.keys(settings).filter((name) => !settingNames.includes(name)),
  diffSettings: (before, after) => {
    const server = (settings: Properties) => {
      try {
        return chooseContext(settings).getCurrentCluster()!.server;
      } catch {
        return undefined;
      }
    };
    const moved = server(before) && server(after) && server(before) !== server(after);
    return { changes: differences(before, after), replaces: (path) => path !== "namespace" && Boolean(moved) };
  },
  async configure(settings, urn) {
    deleteUnreachable = String(settings.deleteUnreachable) === "true";
    mutableKinds = ["ConfigMap", "Secret"].filter((kind) => String(settings[`enable${kind}Mutable`]) === "true");
    try {
      const connection = connect(chooseContext(settings));
      defaultNamespace = settings.namespace ?? connection.namespace ?? "default";
      await connection.probe();
      cluster = connection;
    } catch (error) {
      defaultNamespace = settings.namespace ?? defaultNamespace;
      unreachable = (error as Error).message;
      log("WARNING", urn, `configured Kubernetes cluster is unreachable: ${unreachable}`);
    }
  },
  async check(operation) {
    const object = named({ ...kindOf(operation.type), ...operation.inputs }, operation.oldInputs, operation);
    const { kind } = kindOf(operation.type);
    if (
      /^kubernetes:(helm\.sh|kustomize|yaml)/.test(operation.type) ||
      /.(Patch|List)$/.test(kind) ||
      !waitForForm.test(annotation(object, "waitFor") ?? "condition=None")
    )
      throw new Error(`${operation.type}: the stand-in has no Patch and List resources, Helm, Kustomize, YAML files and no pulumi.com/waitFor but condition=…`);
    if (typeof object.metadata !== "object" || object.metadata.namespace || !(await isNamespaced(object))) return object;
    return { ...object, metadata: { ...object.metadata, namespace: defaultNamespace } };
  },
  async diff({ inputs, oldInputs, state, ignoreChanges }) {
    const before = observed(oldInputs, state);
    const changes = differences(before, inputs);
    // The engine gives the old inputs back, and the cluster may have moved on since.
    for (const path of changes.keys()) if (ignoreChanges.some((ignored) => touches(path, ignored) && !ignored.startsWith(`${path}.`))) changes.delete(path);
    if (await isUnreadyJob(inputs, state)) changes.set(replaceUnready, "update");
    if (!(await isNamespaced(inputs))) changes.delete("metadata.namespace");
    return {
      changes,
      replaces: (path) => path === replaceUnready || needsReplacement(inputs, path, mutableKinds),
      deleteBeforeReplace: !isAutonamed(inputs) && identify(inputs) === identify(before),
    };
  },
  create: (operation) => apply({ ...operation, state: {}, ignoreChanges: [] }, 5),
  async update(operation) {
    if (!operation.preview && !(await reachable().get(operation.inputs)))
      throw new Error(`${operation.inputs.kind} ${identify(operation.inputs)} is gone from the cluster; \`pulumi refresh\` tells Pulumi so`);
    return apply(operation, 1);
  },
  async read({ urn, id, type, oldInputs, state }) {
    if (abandoned(urn)) return undefined;
    const [name, namespace] = id.split("/").reverse();
    const identity = { ...kindOf(type), ...(oldInputs.kind ? oldInputs : {}), metadata: { name, namespace } } as Properties;
    const live = (await reachable().kind(identity.apiVersion, identity.kind)) && (await reachable().get(identity));
    if (!live) return undefined;
    const imported = !oldInputs.kind;
    const inputs = imported ? guarded(importable(live)) : observed(oldInputs, live);
    const found = outcome(inputs, live, state.__fieldManager);
    const trouble = imported || annotation(oldInputs, "skipAwait") === "true" ? undefined : await missing(reachable(), live);
    if (trouble) throw new InitializationFailed(`${live.kind} ${name} is not ready:\n${trouble}`, { ...found, id });
    return found;
  },
  async delete(operation) {
    const { urn, state } = operation;
    if (abandoned(urn)) return;
    const skip = annotation(state, "skipAwait") === "true";
    if (!(await reachable().kind(state.apiVersion, state.kind)) || !(await reachable().remove(state, skip ? "Background" : "Foreground")) || skip) return;
    await awaitGone(reachable(), state, patience(state, operation));
  },
});
