import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { files, settings } from "../../compose/files.ts";
import { checkout } from "../../local/paths.ts";
import { environment } from "../../services/contract/environment.ts";
import { metrics } from "../../services/contract/metrics.ts";
import { readBrokerSettings } from "../../services/broker/settings.ts";
import { readWorkerSettings } from "../../services/worker/settings.ts";
import { compose } from "./compose.ts";

/** What Compose itself makes of the file. */
async function read(env: Record<string, string>) {
  const { exitCode, stdout, stderr } = await compose(["config", "--format", "json", "--no-path-resolution"], env);
  return { exitCode, stderr, services: exitCode === 0 ? (JSON.parse(stdout).services as Record<string, any>) : {} };
}
const password = { GRAFANA_ADMIN_PASSWORD: "chosen" };

describe("docker-compose.yml and what it mounts", () => {
  it("are what the stack's own code makes of them (`npm run compose` writes them anew)", () => {
    for (const [path, content] of Object.entries(files())) expect(readFileSync(join(checkout, path), "utf8"), path).toBe(content);
    const written = globSync("config/**", { cwd: checkout, withFileTypes: true }).filter((entry) => entry.isFile());
    expect(written.length, "no file is left over").toBe(Object.keys(files()).length - 1);
  });

  it("are read by Compose itself: a broker, three workers, Prometheus and Grafana", async () => {
    const { exitCode, stderr, services } = await read(password);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(Object.keys(services).sort()).toEqual(["broker", "grafana", "prometheus", "worker"]);
    expect(services["worker"].deploy.replicas).toBe(3);
    expect(services["worker"].depends_on).toEqual({ broker: { condition: "service_healthy", required: true } });
  });

  it("have no password of their own", async () => {
    const { exitCode, stderr } = await read({});
    expect(exitCode).not.toBe(0);
    expect(stderr).toContain("GRAFANA_ADMIN_PASSWORD");
    expect((await read(password)).services["grafana"].environment).toMatchObject({ GF_SECURITY_ADMIN_PASSWORD: "chosen" });
  });

  it("publish to this machine only, since connections are plain text", async () => {
    const { services } = await read(password);
    const ports = Object.values(services).flatMap(({ ports = [] }) => ports);
    expect(ports.map(({ published }) => published).sort()).toEqual(["3000", "5555", "5556", "9090"]);
    expect(ports.filter(({ host_ip }) => host_ip !== "127.0.0.1")).toEqual([]);
  });

  it("give every container as little as a stack's pods get", async () => {
    const { services } = await read(password);
    for (const [name, service] of Object.entries(services)) {
      expect(service, name).toMatchObject({ read_only: true, cap_drop: ["ALL"], security_opt: ["no-new-privileges:true"], restart: "unless-stopped" });
      expect(service.deploy.resources.limits, name).toMatchObject({ cpus: expect.anything(), memory: expect.any(String) });
      expect(service.image, name).toMatch(/:v?\d[\w.]*$/);
      expect(
        service.volumes.filter(({ type, read_only }: any) => type === "bind" && read_only !== true),
        name,
      ).toEqual([]);
    }
  });

  it("set variables that the processes take, with the stack's own names", async () => {
    const { services } = await read({ ...password, LOG_LEVEL: "DEBUG" });
    const [broker, worker] = [services["broker"].environment, services["worker"].environment];
    const known = Object.values(environment).map(({ name }) => name as string);
    for (const name of [...Object.keys(broker), ...Object.keys(worker)]) expect(known).toContain(name);
    const from = (env: Record<string, string>) => ({
      env: { ...env, [environment.configFile.name]: join(checkout, env[environment.configFile.name]!.replace("/app/", "")) },
      defaultFile: "none",
    });
    expect(readBrokerSettings(from(broker))).toMatchObject({ logLevel: "DEBUG", metricsPort: 9090 });
    expect(readWorkerSettings(from(worker))).toMatchObject({ service: "echo", handler: "echo" });
  });

  it("are built from the stack's Dockerfile, behind a company's proxy, too", async () => {
    const { services } = await read({ ...password, IMAGE_REGISTRY: "mirror.example", NPM_REGISTRY: "https://npm.example" });
    const file = readFileSync(join(checkout, "services/Dockerfile"), "utf8");
    for (const target of ["broker", "worker"]) {
      expect(services[target].build).toMatchObject({
        context: "./services",
        target,
        args: { IMAGE_REGISTRY: "mirror.example", NPM_REGISTRY: "https://npm.example" },
      });
      expect(file).toContain(` AS ${target}\n`);
      for (const name of Object.keys(services[target].build.args)) expect(file).toContain(`ARG ${name}`);
    }
    expect(services["prometheus"].image).toBe(`mirror.example/${settings.prometheus.image}`);
  });
});

describe("what Prometheus finds", () => {
  it("is what promtool takes, and every container by its service's name, as jobs that the rules ask for", async () => {
    const { exitCode, stdout, stderr } = await execa("promtool", ["check", "config", "--syntax-only", "config/prometheus/prometheus.yml"], {
      cwd: checkout,
      reject: false,
    });
    expect(exitCode, `${stdout}${stderr}`).toBe(0);
    const rules = await execa("promtool", ["check", "rules", "config/prometheus/rules.yml"], { cwd: checkout, reject: false });
    expect(rules.exitCode, rules.stderr).toBe(0);
    const text = files()["config/prometheus/prometheus.yml"]!;
    expect(text).not.toContain("kubernetes_sd_configs");
    const asked = [...files()["config/prometheus/rules.yml"]!.matchAll(/job="([\w-]+)"/g)].map(([, job]) => job!);
    expect(asked.length).toBeGreaterThan(0);
    for (const job of new Set(asked)) expect(text).toContain(`job_name: ${job}\n`);
    expect(files()["config/grafana/dashboards/zeromq.json"]).toContain(metrics.messagesReceived.name);
  });
});
