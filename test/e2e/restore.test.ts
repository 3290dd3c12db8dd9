import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { passwordKey } from "../../infra/specs/elasticsearch.ts";
import { logsNamespace } from "../../infra/specs/logsNamespace.ts";
import { elasticsearchUsers } from "../../monitoring/elasticsearch/configuration.ts";
import { loggingNames, loggingPorts, logIndex, monitoringPorts } from "../../monitoring/names.ts";
import { command, image } from "../../services/contract/image.ts";
import { logFields } from "../../services/contract/logs.ts";
import { serviceMetrics } from "../../services/contract/metrics.ts";
import { names } from "../../services/contract/names.ts";
import { ports } from "../../services/contract/ports.ts";
import { forward } from "./forward.ts";
import { LoadPod } from "./load.ts";
import { Prometheus, type Series } from "./prometheus.ts";
import { printed, succeed, TestStack } from "./stack.ts";
import { storageClass, Volumes } from "./volumes.ts";

const checkout = join(import.meta.dirname, "../..");
const size = "1Gi";
const stack = new TestStack("restore", {
  // As production has it: what is gone must come back though nobody may delete it.
  protect: true,
  broker: { replicas: 1, logLevel: "DEBUG" },
  scaleDownDelaySeconds: 1,
  longestRequestSeconds: 5,
  rolloutDeadlineSeconds: 240,
  workers: [{ service: "echo", replicas: 1 }],
  clients: [{ name: "shop" }],
  prometheus: { enabled: true, scrapeIntervalSeconds: 5, volume: { size, storageClass } },
  alerting: { enabled: true, volume: { temporary: true } },
  logging: { enabled: true, elasticsearch: { distribution: "bare", volume: { temporary: true } }, kibana: { enabled: false } },
});
const volumes = new Volumes(stack);
const prometheus = new Prometheus(stack);
const broker = `deployment/${names.brokerDeployment("blue")}`;
const frontend = `tcp://${names.brokerService}:${ports.frontend}`;
const patient = { timeout: 180_000, interval: 1_000 };
const backup = join(stack.directory, "backup");

/** The commands of the guide, with a directory of ours in place of its example's. */
const guide = /## Backup and restore\n\n```sh\n([^]*?)```/.exec(readFileSync(join(checkout, "docs/operations.md"), "utf8"))![1]!;
function documented(what: "backup" | "restore"): string[] {
  const [, words] = new RegExp(`^npm run ${what} -- (.*)$`, "m").exec(guide)!;
  return words!.replace("backups/2026-11-28", backup).split(" ");
}

/** What a command of ours says, without what Pulumi says. */
const ownWords = (text: string): string =>
  text
    .split("\n")
    .filter((line) => /^(backup|state|settings|metrics|grafana|silences|log lines) /.test(line))
    .join("\n");

async function serverKeys(): Promise<string[]> {
  expect(guide).toContain("pulumi stack output serverKeys");
  return JSON.parse((await stack.pulumi(["stack", "output", "serverKeys", "--json"])).stdout.toString()) as string[];
}

/** A request of the client that has these keys, as it got them. */
async function requestWith(keys: Readonly<Record<string, string>>): Promise<string> {
  const curve = { serverKey: [keys["CURVE_SERVER_KEY"]], publicKey: keys["CURVE_PUBLIC_KEY"], secretKey: keys["CURVE_SECRET_KEY"] };
  const program = `
    import { createClient } from "/app/client/client.ts";
    const client = createClient({ endpoints: ["${frontend}"], curve: ${JSON.stringify(curve)} });
    console.log((await client.request("echo", "still me", { timeoutMs: 30000 })).toString());
    client.close();`;
  return (await printed(stack.kubectl(["exec", broker, "--", image.node, "--input-type=module", "--eval", program]))).trim();
}

/** Log lines of a request. */
async function linesOf(requestId: string): Promise<Record<string, unknown>[]> {
  const { stdout } = await stack.kubectl(["get", "secret", loggingNames.elasticsearch, "-o", `jsonpath={.data.${passwordKey("admin")}}`]);
  const login = `${elasticsearchUsers.admin.name}:${Buffer.from(stdout.toString(), "base64").toString()}`;
  const headers = { authorization: `Basic ${Buffer.from(login).toString("base64")}`, "content-type": "application/json" };
  const { url, close } = await forward(stack, `${loggingNames.elasticsearch}-0`, loggingPorts.elasticsearch);
  try {
    await fetch(`${url}/${logIndex.pattern}/_refresh`, { method: "POST", headers });
    const answer = await fetch(`${url}/${logIndex.pattern}/_search`, {
      method: "POST",
      headers,
      body: JSON.stringify({ query: { term: { [logFields.requestId.name]: requestId } } }),
    });
    const { hits } = (await answer.json()) as { hits: { hits: { _id: string; _source: Record<string, unknown> }[] } };
    return hits.hits.map(({ _id, _source }) => ({ ..._source, _id })).sort((one, other) => (one._id < other._id ? -1 : 1));
  } finally {
    close();
  }
}

const silence = {
  matchers: [{ name: "alertname", value: "ZeromqStandbyHasClients", isRegex: false, isEqual: true }],
  startsAt: new Date().toISOString(),
  endsAt: new Date(Date.now() + 86_400_000).toISOString(),
  createdBy: "Ada",
  comment: "until the restore is done",
};
async function silences(add?: object): Promise<Record<string, unknown>[]> {
  const { url, close } = await forward(stack, "alertmanager-0", monitoringPorts.alertmanager);
  try {
    if (add !== undefined)
      expect(
        (await fetch(`${url}/api/v2/silences`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(add) })).status,
      ).toBe(200);
    return (await (await fetch(`${url}/api/v2/silences`)).json()) as Record<string, unknown>[];
  } finally {
    close();
  }
}

/** The samples of a time of which all are there; pods by their names, so that those of another life are others. */
const history = (): Promise<Series[]> => prometheus.between(`${serviceMetrics.requestsEnded.name}{job="${names.brokerApp}"}`, before.from, before.to, 5);
const before = {
  from: Math.floor(Date.now() / 1000),
  to: 0,
  keys: [] as string[],
  shop: {} as Record<string, string>,
  samples: [] as Series[],
  requestId: "",
  lines: [] as Record<string, unknown>[],
};

async function loseNamespaces(): Promise<void> {
  await Promise.all(
    [stack.namespace, logsNamespace(stack.namespace)].map((namespace) => stack.kubectl(["delete", "namespace", namespace, "--ignore-not-found"])),
  );
  await volumes.lose();
}

beforeAll(async () => {
  await loseNamespaces(); // of a run that was killed
  await volumes.make("data-prometheus-0", size);
  await succeed(stack.init());
  await succeed(stack.up());
});

afterAll(async () => {
  await loseNamespaces();
  stack.remove();
});

describe("before the loss", () => {
  test("the stack has a client with keys, samples, a silence and log lines", async () => {
    before.keys = await serverKeys();
    const given = (await stack.npm("clients", ["keys", "shop"])).text;
    before.shop = Object.fromEntries(
      given
        .trim()
        .split("\n")
        .map((line) => line.split(/=(.*)/s) as [string, string]),
    );
    expect(await requestWith(before.shop)).toBe("still me");

    const reference = JSON.parse((await stack.pulumi(["stack", "output", "images", "--json"])).stdout.toString()).blue as string;
    const load = await LoadPod.ours(stack, "load", reference, ["--address", frontend, "--service", "echo", "--connections", "2", "--rate", "20"]);
    await vi.waitFor(async () => {
      const ended = await prometheus.now(`sum(${serviceMetrics.requestsEnded.name}) > 100`);
      expect(ended).toHaveLength(1);
    }, patient);
    const { sent, replied } = await load.ledger();
    expect(replied).toBe(sent);

    await silences(silence);
    const asked = await stack.kubectl([
      "exec",
      broker,
      "--",
      ...command("client", "request", "--json", "--address", frontend, "--service", "echo", "--body", "find me"),
    ]);
    before.requestId = (JSON.parse(asked.stdout.toString()) as { requestId: string }).requestId;
    await vi.waitFor(async () => expect(await linesOf(before.requestId)).toHaveLength(1), patient);
    before.lines = await linesOf(before.requestId);
  });

  test("a backup is made while it works on, by the documented command", async () => {
    before.to = Math.floor(Date.now() / 1000) - 10;
    before.samples = await history();
    expect(before.samples.flatMap(({ values }) => values).length).toBeGreaterThan(3);
    const text = await succeed(stack.npm("backup", documented("backup")));
    console.log(ownWords(text));
    for (const file of ["manifest.json", "state.json", "settings.yaml", "silences.json"]) expect(existsSync(join(backup, file)), file).toBe(true);
    // No secret in plain text: neither the key that the client has, nor the passwords.
    expect(readFileSync(join(backup, "state.json"), "utf8")).not.toContain(before.shop["CURVE_SECRET_KEY"]);
    expect((await stack.list("pods")).map(({ metadata }) => metadata.name)).not.toContain("prometheus-volume");
  });
});

describe("when cluster, volumes and backend are lost", () => {
  beforeAll(async () => {
    await loseNamespaces();
    rmSync(join(stack.directory, "backend"), { recursive: true });
    mkdirSync(join(stack.directory, "backend"));
    rmSync(stack.own[3]!); // the settings
    await volumes.make("data-prometheus-0", size);
    expect((await stack.pulumi(["stack", "output"])).text).toContain("no stack named");
  });

  test("a wrong passphrase is refused before anything is made", async () => {
    const { PULUMI_CONFIG_PASSPHRASE } = stack.env;
    stack.env["PULUMI_CONFIG_PASSPHRASE"] = "guessed";
    const { exitCode, text } = await stack.npm("restore", documented("restore"));
    stack.env["PULUMI_CONFIG_PASSPHRASE"] = PULUMI_CONFIG_PASSPHRASE!;
    expect(exitCode).toBe(1);
    expect(text).toContain("incorrect passphrase");
    expect((await stack.pulumi(["stack", "output"])).text).toContain("no stack named");
    expect((await stack.kubectl(["get", "namespace", stack.namespace])).text).toContain("not found");
  });

  test("a restore that is killed while it writes samples leaves a stack that answers", async () => {
    const restore = execa("npm", ["run", "--silent", "restore", "--", ...documented("restore"), ...stack.own], {
      cwd: checkout,
      env: stack.env,
      stdin: "ignore",
      reject: false,
      all: true,
      detached: true,
    });
    while ((await stack.kubectl(["get", "pod", "prometheus-volume"])).exitCode !== 0) {
      if (restore.exitCode !== null) throw new Error(`the restore ended before it could be killed:\n${(await restore).all}`);
      await delay(200);
    }
    process.kill(-restore.pid!, "SIGKILL");
    await restore;
    expect(await requestWith(before.shop)).toBe("still me");
  });

  test("the same command, run again, ends it", async () => {
    const text = await succeed(stack.npm("restore", documented("restore")));
    console.log(ownWords(text));
    expect(text).toContain("The stack is back, with the keys of the backup.");
  });

  test("the brokers have the same public keys, and a client with its old ones is answered", async () => {
    expect(await serverKeys()).toEqual(before.keys);
    expect(await requestWith(before.shop)).toBe("still me");
  });

  test("Prometheus has every sample of before, and goes on", async () => {
    const byLabels = (all: readonly Series[]) => Object.fromEntries(all.map(({ metric, values }) => [JSON.stringify(Object.entries(metric).sort()), values]));
    await vi.waitFor(async () => expect(byLabels(await history())).toEqual(byLabels(before.samples)), patient);
    const now = Math.floor(Date.now() / 1000);
    await vi.waitFor(async () => expect(await prometheus.now(`timestamp(up{job="${names.brokerApp}"}) > ${now}`)).not.toEqual([]), patient);
  });

  test("the silence is there, once", async () => {
    const active = (await silences()).filter(({ status }) => (status as { state: string }).state !== "expired");
    expect(active).toEqual([expect.objectContaining({ matchers: silence.matchers, createdBy: silence.createdBy, comment: silence.comment })]);
  });

  test("a log line of before is found by its request, once, as it was", async () => {
    expect(await linesOf(before.requestId)).toEqual(before.lines);
  });

  test("to restore what is there changes nothing", async () => {
    const lives = async () => (await stack.list("pods")).map(({ metadata, status }) => `${metadata.uid} ${status.containerStatuses?.[0]?.restartCount}`).sort();
    const living = await lives();
    const text = await succeed(stack.npm("restore", documented("restore")));
    expect(text).toMatch(/metrics +restored before/);
    expect(text).toMatch(/silences +0 of 1/);
    expect(text).toMatch(/log lines +0 in \d+ indices/);
    expect(await lives()).toEqual(living);
  });
});
