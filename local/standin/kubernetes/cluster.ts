// Part of the stand-in for Pulumi's Kubernetes plugin. The connection to the API server: plain JSON in and out, any kind.

import https from "node:https";
import http from "node:http";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { KubeConfig } from "@kubernetes/client-node";
import type { Properties } from "../property-values.ts";

export class RequestFailed extends Error {
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** The asked context or an error, never another one. Without one asked it is the file's current one, as for kubectl. */
export function chooseContext(settings: Properties, environment: NodeJS.ProcessEnv = process.env): KubeConfig {
  const config = new KubeConfig();
  const given: string = settings.kubeconfig || environment.KUBECONFIG || join(homedir(), ".kube", "config");
  if (given.includes("\n") || given.startsWith("{")) config.loadFromString(given);
  else
    for (const file of given.split(delimiter)) {
      if (!existsSync(file)) throw new Error(`there is no kubeconfig ${file}`);
      const next = new KubeConfig();
      next.loadFromFile(file);
      config.mergeConfig(next, Boolean(config.currentContext));
    }
  const context = settings.context ?? config.getCurrentContext();
  const found = config.getContextObject(context);
  if (!found)
    throw new Error(
      `the kubeconfig has no context "${context}"; it has: ${
        config
          .getContexts()
          .map(({ name }) => name)
          .join(", ") || "none"
      }`,
    );
  if (settings.cluster) Object.assign(found, { cluster: settings.cluster });
  config.setCurrentContext(context);
  if (!config.getCurrentCluster()) throw new Error(`the kubeconfig has no cluster "${found.cluster}" (context "${context}")`);
  return config;
}

export type Cluster = ReturnType<typeof connect>;

export function connect(config: KubeConfig) {
  const server = config.getCurrentCluster()!.server.replace(/\/$/, "");
  const kinds = new Map<string, Properties>();

  async function request(method: string, path: string, body?: Properties, timeout = 30_000): Promise<Properties> {
    const options: https.RequestOptions = { method, timeout, headers: { Accept: "application/json" } };
    await config.applyToHTTPSOptions(options);
    const content = method === "PATCH" ? "application/apply-patch+yaml" : "application/json";
    const text = body && JSON.stringify(body);
    // Node gives the body of a DELETE no length of its own, and the API server then reads none.
    if (text) options.headers = { ...(options.headers as object), "Content-Type": content, "Content-Length": Buffer.byteLength(text) };
    return new Promise((resolve, reject) => {
      const sent = (server.startsWith("https:") ? https : http).request(server + path, options, async (response) => {
        let received = "";
        try {
          for await (const chunk of response.setEncoding("utf8")) received += chunk;
          const answer = received.startsWith("{") ? JSON.parse(received) : { message: received };
          if (response.statusCode! < 300) resolve(answer);
          else reject(new RequestFailed(response.statusCode!, answer.message));
        } catch (error) {
          reject(error);
        }
      });
      sent.on("timeout", () => sent.destroy(new Error(`no answer from ${server} within ${timeout / 1000} s`)));
      sent.on("error", (error) => reject(new Error(`${server}: ${error.message || (error as { code?: string }).code}`)));
      sent.end(text);
    });
  }

  /** What the API server calls the kind; undefined if it has none of it. */
  async function kind(apiVersion: string, name: string): Promise<Properties | undefined> {
    const key = `${apiVersion}/${name}`;
    if (!kinds.has(key)) {
      const list = await request("GET", `/${apiVersion.includes("/") ? "apis" : "api"}/${apiVersion}`).catch(absent);
      for (const found of list?.resources ?? []) if (!found.name.includes("/")) kinds.set(`${apiVersion}/${found.kind}`, found);
    }
    return kinds.get(key);
  }

  async function path({ apiVersion, kind: name, metadata }: Properties): Promise<string> {
    const found = await kind(apiVersion, name);
    if (!found) throw new RequestFailed(404, `the API server has no kind ${name} in ${apiVersion}; verify that any required CRDs have been created`);
    const namespace = found.namespaced ? `/namespaces/${metadata.namespace ?? "default"}` : "";
    return `/${apiVersion.includes("/") ? "apis" : "api"}/${apiVersion}${namespace}/${found.name}/${metadata.name}`;
  }

  return {
    server,
    kind,
    namespace: config.getContextObject(config.getCurrentContext())?.namespace,
    probe: () => request("GET", "/version", undefined, 10_000),
    list: async (path: string): Promise<Properties[]> => (await request("GET", path)).items ?? [],
    get: async (object: Properties) => request("GET", await path(object)).catch(absent),
    apply: async (object: Properties, manager: string, { force, dryRun }: { force: boolean; dryRun: boolean }) =>
      request(
        "PATCH",
        `${await path(object)}?fieldManager=${encodeURIComponent(manager)}&force=${force}&fieldValidation=Warn${dryRun ? "&dryRun=All" : ""}`,
        object,
      ),
    remove: async (object: Properties, propagationPolicy: string) =>
      request("DELETE", await path(object), { kind: "DeleteOptions", apiVersion: "v1", propagationPolicy }).catch(absent),
  };
}

function absent(error: unknown): undefined {
  if (error instanceof RequestFailed && error.code === 404) return undefined;
  throw error;
}
