import { describe, expect, it } from "vitest";
import { alertmanagerConfiguration, type Receivers } from "../../monitoring/alertmanager/configuration.ts";
import { prometheusConfiguration } from "../../monitoring/prometheus/configuration.ts";
import { monitored } from "./monitored.ts";
import { amtool, promtool } from "./promtool.ts";

const email = { to: "operators@example.com", from: "stack@example.com", server: "mail.example.com:587", username: "stack", password: "hunter2" };
const everything: Receivers = { webhook: "https://hooks.example/1", email, deadMansSwitch: "https://switch.example/2", repeatHours: 4 };
const nothing: Receivers = { repeatHours: 4 };

describe("Prometheus' configuration", () => {
  const scrapes = (changes = {}) => prometheusConfiguration({ ...monitored, ...changes }).scrape_configs;

  it.each([
    ["with everything", {}],
    ["alone", { alertmanager: false, grafana: false }],
  ])("is right to Prometheus' own checker: %s", async (_, changes) => {
    const {
      scrape_configs: [pods, ...rest],
      ...configuration
    } = prometheusConfiguration({ ...monitored, ...changes });
    // Debian builds Prometheus without Kubernetes' discovery.
    const { kubernetes_sd_configs, ...others } = pods as Record<string, unknown>;
    expect(kubernetes_sd_configs).toBeDefined();
    expect(
      await promtool(["check", "config", "--syntax-only", "prometheus.yml"], { "prometheus.yml": { ...configuration, scrape_configs: [others, ...rest] } }),
    ).toBe("");
  });

  it("looks for pods in the stack's namespace only, and takes those that ask for it", () => {
    const [pods] = scrapes({ namespace: "elsewhere" });
    expect(pods).toMatchObject({ kubernetes_sd_configs: [{ role: "pod", namespaces: { names: ["elsewhere"] } }] });
    expect(pods).toHaveProperty(
      "relabel_configs",
      expect.arrayContaining([{ source_labels: ["__meta_kubernetes_pod_annotation_prometheus_io_scrape"], action: "keep", regex: "true" }]),
    );
  });

  it("scrapes and tells only what there is", () => {
    expect(scrapes().map(({ job_name }) => job_name)).toEqual(["pods", "prometheus", "alertmanager", "grafana"]);
    expect(scrapes({ alertmanager: false, grafana: false }).map(({ job_name }) => job_name)).toEqual(["pods", "prometheus"]);
    expect(prometheusConfiguration({ ...monitored, alertmanager: false })).not.toHaveProperty("alerting");
  });

  it.each([
    ["10.1.2.3;9090", "10.1.2.3:9090"],
    ["fd00::1:2;9090", "[fd00::1:2]:9090"],
  ])("asks a pod at its own address and the annotation's port: %s", (found, address) => {
    const rules = (scrapes()[0] as { relabel_configs: { target_label?: string; regex?: string; replacement?: string }[] }).relabel_configs;
    const results = rules
      .filter(({ target_label }) => target_label === "__address__")
      .flatMap(({ regex, replacement }) => (new RegExp(`^(?:${regex})$`).test(found) ? [found.replace(new RegExp(`^(?:${regex})$`), replacement!)] : []));
    expect(results).toEqual([address]);
  });

  it("takes no longer for a scrape than the time between two", () => {
    expect(prometheusConfiguration({ ...monitored, scrapeIntervalSeconds: 5 }).global).toMatchObject({ scrape_interval: "5s", scrape_timeout: "5s" });
  });
});

describe("Alertmanager's configuration", () => {
  const receiverOf = async (receivers: Receivers, ...labels: string[]): Promise<string> =>
    amtool(["config", "routes", "test", "--config.file=alertmanager.yml", `--verify.receivers=${labels[0]}`, ...labels.slice(1)], {
      "alertmanager.yml": alertmanagerConfiguration(receivers),
    });

  it.each([
    ["nobody", nothing],
    ["everybody", everything],
    ["a webhook", { webhook: "https://hooks.example/1", repeatHours: 1 }],
    ["a mailbox without login", { email: { ...email, username: undefined, password: undefined }, repeatHours: 1 }],
  ])("is right to Alertmanager's own checker: it tells %s", async (_, receivers) => {
    expect(await amtool(["check-config", "alertmanager.yml"], { "alertmanager.yml": alertmanagerConfiguration(receivers) })).toBe("");
  });

  it("sends alerts to operators and the sign of life to the dead-man's switch, and neither to the other", async () => {
    expect(await receiverOf(everything, "operators", "alertname=ZeromqNoBroker", "severity=critical")).toBe("");
    expect(await receiverOf(everything, "dead-mans-switch", "alertname=Watchdog", "severity=none")).toBe("");
  });

  it("sends what nobody asked for to nobody", async () => {
    expect(await receiverOf(nothing, "nobody", "alertname=ZeromqNoBroker")).toBe("");
    expect(await receiverOf({ ...everything, deadMansSwitch: undefined }, "nobody", "alertname=Watchdog")).toBe("");
  });

  it("tells operators by every way that the settings name", () => {
    const operators = alertmanagerConfiguration(everything).receivers.find(({ name }) => name === "operators");
    expect(operators).toMatchObject({
      webhook_configs: [{ url: "https://hooks.example/1" }],
      email_configs: [{ to: "operators@example.com", smarthost: "mail.example.com:587", auth_username: "stack", auth_password: "hunter2" }],
    });
  });
});
