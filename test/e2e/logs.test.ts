import { loadYaml } from "@kubernetes/client-node";
import { execa, type ResultPromise } from "execa";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { logsNamespace } from "../../infra/specs/logsNamespace.ts";
import { passwordKey } from "../../infra/specs/elasticsearch.ts";
import { elasticsearchUsers } from "../../monitoring/elasticsearch/configuration.ts";
import { loggingNames, loggingPorts, logIndex } from "../../monitoring/names.ts";
import { command } from "../../services/contract/image.ts";
import { logFields } from "../../services/contract/logs.ts";
import { names } from "../../services/contract/names.ts";
import { ports } from "../../services/contract/ports.ts";
import { succeed, TestStack } from "./stack.ts";

const stack = new TestStack("lines", {
  broker: { replicas: 1 },
  scaleDownDelaySeconds: 1,
  workers: [
    { service: "echo", replicas: 1 },
    { service: "work", replicas: 1 },
  ],
  rolloutDeadlineSeconds: 120,
  // What a machine that cannot pull images can make.
  logging: { enabled: true, elasticsearch: { distribution: "bare", volume: { temporary: true } }, kibana: { enabled: false } },
});
const broker = `deployment/${names.brokerDeployment("blue")}`;
const patient = { timeout: 180_000, interval: 1_000 };

interface Answer {
  readonly requestId: string;
  readonly reply?: string;
  readonly error?: string;
}

/** A request through the Service, and what the logs call it. */
async function request(service: string, body: string): Promise<Answer> {
  const address = `tcp://${names.brokerService}:${ports.frontend}`;
  const { stdout, text } = await stack.kubectl([
    "exec",
    broker,
    "--",
    ...command("client", "request", "--json", "--address", address, "--service", service, "--body", body),
  ]);
  expect(stdout.toString(), text).toContain("requestId");
  return JSON.parse(stdout.toString()) as Answer;
}

/** The way to Elasticsearch that people take: a port of this machine. */
let forward: ResultPromise | undefined;
let address = "";
async function openElasticsearch(): Promise<void> {
  const child = execa(
    "kubectl",
    ["--context", stack.context, "--namespace", stack.namespace, "port-forward", `service/${loggingNames.elasticsearch}`, `:${loggingPorts.elasticsearch}`],
    { reject: false, env: stack.env },
  );
  forward = child;
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const port = await vi.waitFor(() => {
    const found = /127\.0\.0\.1:(\d+)/.exec(said)?.[1];
    if (found === undefined) throw new Error(`no way to Elasticsearch: ${said}`);
    return found;
  }, patient);
  address = `http://127.0.0.1:${port}`;
}

/** Asks Elasticsearch as its administrator, or as somebody else. */
async function ask(
  path: string,
  body?: unknown,
  login?: { name: string; password: string },
  method = body === undefined ? "GET" : "POST",
): Promise<{ status: number; answer: any }> {
  const { name, password } = login ?? { name: elasticsearchUsers.admin.name, password: await adminPassword() };
  const headers = { authorization: `Basic ${Buffer.from(`${name}:${password}`).toString("base64")}`, "content-type": "application/json" };
  const response = await fetch(`${address}/${path}`, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  return { status: response.status, answer: await response.json() };
}

async function adminPassword(): Promise<string> {
  const { stdout } = await stack.kubectl(["get", "secret", loggingNames.elasticsearch, "-o", `jsonpath={.data.${passwordKey("admin")}}`]);
  return Buffer.from(stdout.toString(), "base64").toString();
}

/** What was written can be found from now on. */
const refresh = () => ask(`${logIndex.pattern}/_refresh`, undefined, undefined, "POST");

/** The documents whose field is the value. */
async function documents(field: string, value: string): Promise<Record<string, any>[]> {
  await refresh();
  const { answer } = await ask(`${logIndex.pattern}/_search`, { size: 1_000, query: { term: { [field]: value } } });
  return answer.hits.hits.map(({ _source }: { _source: Record<string, any> }) => _source);
}

/** For each pod whose logs are collected the lines that it has written, and the documents that came of them. */
async function inAndOut(): Promise<{ lines: Record<string, number>; documents: Record<string, number> }> {
  const pods = (await stack.list("pods")).map(({ metadata }) => metadata.name as string).filter((name) => !name.startsWith(loggingNames.elasticsearch));
  const lines: Record<string, number> = {};
  for (const pod of pods)
    lines[pod] = (await stack.kubectl(["logs", pod])).stdout
      .toString()
      .split("\n")
      .filter((line) => line !== "").length;
  await refresh();
  const { answer } = await ask(`${logIndex.pattern}/_search`, { size: 0, aggs: { pods: { terms: { field: "kubernetes.pod.name", size: 1_000 } } } });
  const counted = Object.fromEntries(answer.aggregations.pods.buckets.map(({ key, doc_count }: { key: string; doc_count: number }) => [key, doc_count]));
  return { lines, documents: Object.fromEntries(pods.map((pod) => [pod, counted[pod] ?? 0])) };
}

/** Every pod of ours, and how often its container began. */
async function lives(): Promise<string[]> {
  const pods = await stack.list("pods", `app in (${names.brokerApp},${names.workerApp})`);
  return pods.map(({ metadata, status }) => `${metadata.name} ${status.containerStatuses[0].restartCount}`).sort();
}

async function clean(): Promise<void> {
  for (const namespace of [stack.namespace, logsNamespace(stack.namespace)]) await stack.kubectl(["delete", "namespace", namespace, "--ignore-not-found"]);
}

beforeAll(async () => {
  await clean(); // of a run that was killed
  await succeed(stack.init());
  await succeed(stack.up());
  await openElasticsearch();
});

afterAll(async () => {
  forward?.kill();
  await clean();
  stack.remove();
});

describe("log lines", () => {
  test("begin to tell more when their level is changed, while the pods run on", async () => {
    const before = await lives();
    await stack.set("broker.logLevel", "DEBUG");
    await succeed(stack.pulumi(["config", "set", "workerLogLevel", "DEBUG"]));
    await succeed(stack.up());
    for (const workload of [broker, "deployment/zeromq-worker", "deployment/zeromq-worker-work"]) {
      await vi.waitFor(async () => expect(await succeed(stack.kubectl(["logs", workload]))).toContain('"message":"log level changed"'), patient);
    }
    expect(await lives()).toEqual(before);
  });

  test("of a request are found by its id, the broker's and the worker's, with the colour", async () => {
    const { requestId, reply } = await request("echo", "hello");
    expect(reply).toBe("hello");
    await vi.waitFor(async () => {
      const found = await documents(logFields.requestId.name, requestId);
      expect(
        found.map(({ logger, color, level, message }) => ({ logger, color, level, message })).sort((one, other) => (one.logger < other.logger ? -1 : 1)),
      ).toEqual([
        { logger: "zeromq.broker", color: "blue", level: "DEBUG", message: "request ended" },
        { logger: "zeromq.worker", color: "blue", level: "DEBUG", message: "request ended" },
      ]);
      for (const line of found)
        expect(line).toMatchObject({
          kubernetes: { namespace: stack.namespace, pod: { name: expect.stringMatching(/^zeromq-/) } },
          host: { name: expect.stringMatching(/./) },
        });
    }, patient);
  });

  test("of a request that failed say where, and nothing of what it held", async () => {
    const { requestId, error } = await request("work", "hunter2-hunter2-hunter2-hunter2-hunter2");
    expect(error).toBe("HandlerFailed");
    await vi.waitFor(async () => {
      const found = await documents(logFields.requestId.name, requestId);
      expect(found.find(({ message }) => message === "handler failed")).toMatchObject({
        level: "ERROR",
        color: "blue",
        err: { type: "SyntaxError", stack: expect.stringContaining("work.ts") },
      });
      expect(found.find(({ logger }) => logger === "zeromq.broker")).toMatchObject({ outcome: "failed" });
      expect(JSON.stringify(found)).not.toContain("hunter2");
    }, patient);
  });

  test("go in and come out as documents, every one of every pod", async () => {
    await vi.waitFor(async () => {
      const { lines, documents } = await inAndOut();
      expect(Object.keys(lines).length).toBeGreaterThanOrEqual(6); // brokers of both colours, workers, Jobs
      expect(documents).toEqual(lines);
    }, patient);
    const { lines } = await inAndOut();
    console.log(`${Object.values(lines).reduce((sum, count) => sum + count, 0)} lines of ${Object.keys(lines).length} pods came out as as many documents`);
  });

  test("are neither lost nor doubled when Filebeat is deleted and reads them all again", async () => {
    const namespace = logsNamespace(stack.namespace);
    const inLogs = (...args: string[]) => stack.kubectl([...args, "--namespace", namespace]);
    await succeed(inLogs("delete", "pod", "-l", `app=${loggingNames.filebeat}`));
    const { requestId } = await request("echo", "meanwhile");
    await succeed(inLogs("rollout", "status", `daemonset/${loggingNames.filebeat}`, "--timeout=180s"));
    await vi.waitFor(async () => {
      expect(await documents(logFields.requestId.name, requestId)).toHaveLength(2);
      const { lines, documents: out } = await inAndOut();
      expect(out).toEqual(lines);
    }, patient);
  });

  test("are told to nobody without a password, and Filebeat can add to them and no more", async () => {
    expect((await ask(`${logIndex.pattern}/_search`, undefined, { name: "admin", password: "guessed" })).status).toBe(401);
    expect((await fetch(address)).status).toBe(401);
    const secret = await stack.kubectl([
      "get",
      "secret",
      loggingNames.filebeat,
      "--namespace",
      logsNamespace(stack.namespace),
      "-o",
      "jsonpath={.data.output\\.yml}",
    ]);
    const { output } = loadYaml<{ output: { elasticsearch: { password: string } } }>(Buffer.from(secret.stdout.toString(), "base64").toString());
    const { password } = output.elasticsearch;
    const filebeat = { name: elasticsearchUsers.filebeat.name, password };
    expect((await ask(`${logIndex.pattern}/_search`, undefined, filebeat)).status).toBe(403);
    const [index] = Object.keys((await ask(`${logIndex.pattern}/_settings`)).answer);
    expect((await ask(index!, undefined, filebeat, "DELETE")).status).toBe(403);
    for (const known of [password, await adminPassword()]) expect(await succeed(stack.pulumi(["stack", "export"]))).not.toContain(known);
  });

  test("go into one index a day, under the template of ours", async () => {
    const indices = Object.entries<any>((await ask(`${logIndex.pattern}/_mapping`)).answer);
    expect(indices.length).toBeGreaterThan(0);
    for (const [name, { mappings }] of indices) {
      expect(name).toMatch(/^zeromq-\d{4}\.\d{2}\.\d{2}$/); // nothing was rejected
      expect(mappings).toMatchObject({ dynamic: "false", properties: { [logFields.requestId.name]: { type: "keyword" } } });
    }
  });
});

describe("an update", () => {
  test("without a change changes nothing", async () => {
    await succeed(stack.pulumi(["preview", "--expect-no-changes"]));
  });

  test("without logging takes all of it away, and restarts nobody else", async () => {
    const before = await lives();
    await stack.set("logging.enabled", "false");
    await succeed(stack.up());
    expect((await stack.kubectl(["get", "namespace", logsNamespace(stack.namespace)])).text).toContain("not found");
    const left = (await Promise.all(["statefulsets", "services", "secrets", "configmaps", "networkpolicies"].map((kind) => stack.list(kind))))
      .flat()
      .map(({ metadata }) => metadata.name as string);
    expect(left.filter((name) => Object.values<string>(loggingNames).includes(name))).toEqual([]);
    expect(await lives()).toEqual(before);
  });
});
