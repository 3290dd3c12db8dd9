import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadYaml } from "@kubernetes/client-node";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { services } from "../../compose/project.ts";
import { ownDockerHost } from "../../local/images/docker.ts";
import { checkout } from "../../local/paths.ts";
import { monitoringNames, monitoringPorts } from "../../monitoring/names.ts";
import { createClient } from "../../services/client/client.ts";
import { load } from "../../services/client/load.ts";
import { image } from "../../services/contract/image.ts";
import { metrics, serviceMetrics, workerMetrics } from "../../services/contract/metrics.ts";
import { names } from "../../services/contract/names.ts";
import { httpPaths, ports } from "../../services/contract/ports.ts";
import { compose as plainCompose } from "../ci/compose.ts";
import { crash } from "./brokers.ts";

// A project of its own: somebody may have one running.
const project = "zeromq-stack-e2e";
// All but Grafana, whose image cannot be made where it cannot be pulled.
const parts = [services.broker, services.worker, monitoringNames.prometheus];
const directory = mkdtempSync(join(tmpdir(), "zeromq-stack-compose-"));
const override = join(directory, "override.yaml");
const patience = { timeout: 120_000, interval: 1_000 };

const { config } = loadYaml<{ config: Record<string, unknown> }>(readFileSync(join(checkout, "Pulumi.dev.yaml"), "utf8"));
const env = { GRAFANA_ADMIN_PASSWORD: "not-used", IMAGE_REGISTRY: String(config["zeromq-stack:imageRegistry"]) };

/** What a test changes of the file: whatever else uses the file's ports here may go on, and an engine from before 25 asks as often. */
function changes(): string {
  // Our own engine has no network for builds but the machine's.
  const build = process.env["DOCKER_HOST"] === ownDockerHost ? "build: { network: host }" : "";
  const free = (...targets: number[]) => `ports: !override [${targets.map((port) => `"127.0.0.1::${port}"`).join(", ")}]`;
  return `services:
  ${services.broker}:
    ${build}
    healthcheck: { interval: 1s }
    ${free(ports.frontend, ports.backend)}
  ${services.worker}:
    ${build}
    healthcheck: { interval: 1s }
  ${monitoringNames.prometheus}:
    # The image that is made here has no wget.
    healthcheck: !override { disable: true }
    ${free(monitoringPorts.prometheus)}
`;
}

async function compose(args: readonly string[], more: Record<string, string> = {}): Promise<string> {
  const { exitCode, stdout, stderr } = await plainCompose(["--project-name", project, "--file", "docker-compose.yml", "--file", override, ...args], {
    ...env,
    ...more,
  });
  expect(exitCode, `${stdout}\n${stderr}`).toBe(0);
  return stdout;
}

async function docker(...args: string[]): Promise<string> {
  return (await execa("docker", args, { stdin: "ignore" })).stdout;
}

/** Where a service's port is on this machine. */
async function published(service: string, port: number): Promise<string> {
  const address = (await compose(["port", service, String(port)])).trim();
  expect(address).toMatch(/^127\.0\.0\.1:\d+$/);
  return address;
}

/** The ids of a service's containers, shortened as they are told to the processes inside: as HOSTNAME. */
async function containers(service: string): Promise<string[]> {
  return (await compose(["ps", "--quiet", service]))
    .trim()
    .split("\n")
    .map((id) => id.slice(0, 12))
    .sort();
}

/** A metric's series in what a container shows, each with its value. */
async function series(container: string, metric: string): Promise<string[]> {
  const text = await docker(
    "exec",
    container,
    image.node,
    "-e",
    `fetch("http://127.0.0.1:${ports.metrics}${httpPaths.metrics}").then((answer) => answer.text()).then(console.log)`,
  );
  return text.split("\n").filter((line) => line.startsWith(`${metric}{`) || line.startsWith(`${metric} `));
}

/** The sum of a metric's series whose labels contain a text. */
async function sum(container: string, metric: string, label = ""): Promise<number> {
  const lines = (await series(container, metric)).filter((line) => line.includes(label));
  return lines.reduce((total, line) => total + Number(line.split(" ").at(-1)), 0);
}

async function prometheus<Data>(path: string): Promise<Data> {
  const answer = await fetch(`http://${await published(monitoringNames.prometheus, monitoringPorts.prometheus)}/api/v1/${path}`);
  return ((await answer.json()) as { data: Data }).data;
}

const allOf = (kind: string) =>
  docker(kind, "ls", "--quiet", ...(kind === "container" ? ["--all"] : []), "--filter", `label=com.docker.compose.project=${project}`);
const nothing = { container: "", network: "", volume: "" };
const left = async () => Object.fromEntries(await Promise.all(Object.keys(nothing).map(async (kind) => [kind, await allOf(kind)])));

beforeAll(async () => {
  writeFileSync(override, changes());
  await compose(["down", "--volumes", "--timeout", "1"]); // of a run that was killed
});

afterAll(async () => {
  await compose(["down", "--volumes", "--timeout", "1"]);
  rmSync(directory, { recursive: true });
});

describe("docker compose up", () => {
  test("builds the images from the checkout, and ends when a broker, three workers and Prometheus are healthy", async () => {
    await compose(["up", "--build", "--wait", "--wait-timeout", "300", ...parts]);
    const states = (
      await docker("ps", "--filter", `label=com.docker.compose.project=${project}`, "--format", '{{.Label "com.docker.compose.service"}} {{.Status}}')
    )
      .trim()
      .split("\n");
    expect(states.map((line) => line.replace(/Up .*?(?= \(|$)/, "up")).sort()).toEqual(
      ["broker (healthy)", "prometheus", "worker (healthy)", "worker (healthy)", "worker (healthy)"].map((line) => line.replace(/^(\w+)/, "$1 up")).sort(),
    );
  });

  test("answers a request of a client on this machine", async () => {
    const client = createClient({ endpoints: [`tcp://${await published(services.broker, ports.frontend)}`] });
    try {
      const body = Buffer.alloc(1_000_000, "zeromq ");
      expect((await client.request("echo", body, { timeoutMs: 30_000 })).equals(body)).toBe(true);
    } finally {
      client.close();
    }
  });

  test("has every worker at the broker", async () => {
    const [broker] = await containers(services.broker);
    await vi.waitFor(async () => expect(await sum(broker!, serviceMetrics.workers.name, 'service="echo"')).toBe(3), patience);
    expect(await sum(broker!, metrics.activeConnections.name, 'side="backend"')).toBe(3);
  });

  test("runs every process as nobody on a file system that it can't write to", async () => {
    const program =
      'let code = "none"; try { require("node:fs").writeFileSync("/app/written", "") } catch (error) { code = error.code } console.log(process.getuid(), code)';
    for (const container of [...(await containers(services.broker)), ...(await containers(services.worker))]) {
      expect((await docker("exec", container, image.node, "-e", program)).trim()).toBe(`${image.userId} EROFS`);
    }
  });

  test("has a Prometheus that reads the broker and the workers, and evaluates every rule", async () => {
    await vi.waitFor(async () => {
      const { activeTargets } = await prometheus<{ activeTargets: { labels: { job: string }; health: string }[] }>("targets?state=active");
      const up = activeTargets
        .filter(({ health }) => health === "up")
        .map(({ labels }) => labels.job)
        .sort();
      expect(up).toEqual([monitoringNames.prometheus, names.brokerApp, names.workerApp, names.workerApp, names.workerApp].sort());
    }, patience);
    await vi.waitFor(async () => {
      const { groups } = await prometheus<{ groups: { rules: { name: string; health: string }[] }[] }>("rules");
      const rules = groups.flatMap(({ rules }) => rules);
      expect(rules.length).toBeGreaterThan(20);
      expect(rules.filter(({ health }) => health !== "ok")).toEqual([]);
    }, patience);
    await vi.waitFor(async () => {
      const { result } = await prometheus<{ result: { value: [number, string] }[] }>(
        `query?query=${encodeURIComponent(`sum(${serviceMetrics.workers.name})`)}`,
      );
      expect(result.map(({ value }) => value[1])).toEqual(["3"]);
    }, patience);
  });
});

describe("the workers", () => {
  test("get another handler by a variable, and the broker stays as it is", async () => {
    const [before] = await containers(services.broker);
    await compose(["up", "--wait", "--wait-timeout", "300", ...parts], { SERVICE: "work" });
    const [broker] = await containers(services.broker);
    expect(broker).toBe(before);
    await vi.waitFor(async () => expect(await sum(broker!, serviceMetrics.workers.name, 'service="work"')).toBe(3), patience);
  });

  test("are started again when they crash, and every request gets its one reply", async () => {
    const [broker] = await containers(services.broker);
    const [worker] = await containers(services.worker);
    const ending = new AbortController();
    const ledger = load({
      endpoints: [`tcp://${await published(services.broker, ports.frontend)}`],
      ...{ service: "work", connections: 3, concurrency: 5, workMs: [300, 1000], timeoutMs: 120_000, retries: 0 },
      ...{ count: undefined, durationSeconds: undefined, rate: undefined, size: 100, body: undefined, checksReplies: true, executions: [] },
      signal: ending.signal,
      onProgress: () => undefined,
    });
    try {
      await vi.waitFor(async () => expect(await sum(worker!, workerMetrics.running.name)).toBeGreaterThan(0), patience);
      crash(worker!);
      await vi.waitFor(
        async () => expect(await docker("inspect", "--format", "{{.RestartCount}} {{.State.Health.Status}}", worker!)).toBe("1 healthy"),
        patience,
      );
      await vi.waitFor(async () => expect(await sum(broker!, serviceMetrics.redeliveries.name, 'service="work"')).toBeGreaterThan(0), patience);
      await vi.waitFor(async () => expect(await sum(broker!, serviceMetrics.workers.name, 'service="work"')).toBe(3), patience);
      await vi.waitFor(async () => expect(await sum(worker!, workerMetrics.requests.name, 'outcome="replied"')).toBeGreaterThan(0), patience);
    } finally {
      ending.abort();
    }
    const { sent, ...rest } = await ledger;
    expect(sent).toBeGreaterThan(15);
    expect(rest).toMatchObject({ replied: sent, failed: {}, duplicated: 0, wrong: 0 });
  });
});

describe("docker compose down", () => {
  test("lets every process end by itself", async () => {
    const all = (await Promise.all(parts.map(containers))).flat();
    expect(all.length).toBe(5);
    await compose(["stop"]);
    const codes = (await docker("inspect", "--format", "{{.State.ExitCode}}", ...all)).trim().split("\n");
    expect(codes, await compose(["logs", "--tail", "20"])).toEqual(all.map(() => "0"));
  });

  test("leaves no container, no network and, with --volumes, no volume", async () => {
    const before = await left();
    for (const ids of Object.values(before)) expect(ids).not.toBe("");
    await compose(["down", "--volumes"]);
    expect(await left()).toEqual(nothing);
  });
});
