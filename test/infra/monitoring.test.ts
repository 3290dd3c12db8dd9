import { loadYaml } from "@kubernetes/client-node";
import { describe, expect, it } from "vitest";
import { alertmanagerSecret, alertmanagerStatefulSet } from "../../infra/specs/alertmanager.ts";
import { grafanaConfigMap, grafanaSecret, grafanaStatefulSet } from "../../infra/specs/grafana.ts";
import { monitored } from "../../infra/specs/monitored.ts";
import { monitoringService } from "../../infra/specs/monitoringPod.ts";
import { alertmanagerTraffic, grafanaTraffic, prometheusTraffic } from "../../infra/specs/monitoringTraffic.ts";
import {
  prometheusAccount,
  prometheusCertificateRules,
  prometheusConfigMap,
  prometheusRole,
  prometheusRoleBinding,
  prometheusStatefulSet,
} from "../../infra/specs/prometheus.ts";
import { settingsWith } from "./specs.ts";

type Changes = Record<string, unknown>;
const hook = "https://hooks.example/T0/secret";
const email = { to: "a@example.com", from: "b@example.com", server: "mail.example.com:587", username: "stack", password: "hunter2" };

const sets = {
  prometheus: (changes?: Changes) => prometheusStatefulSet(settingsWith(changes), "of the certificates' rules"),
  alertmanager: (changes?: Changes) => alertmanagerStatefulSet(settingsWith(changes)),
  grafana: (changes?: Changes) => grafanaStatefulSet(settingsWith(changes)),
};
const groupOf = { prometheus: "prometheus", alertmanager: "alerting", grafana: "grafana" } as const;
const own = {
  prometheus: { image: /^docker.io\/prom\/prometheus:v\d+\.\d+\.\d+$/, data: "/prometheus", lives: "/-/healthy", ready: "/-/ready", port: 9090 },
  alertmanager: { image: /^docker.io\/prom\/alertmanager:v\d+\.\d+\.\d+$/, data: "/alertmanager", lives: "/-/healthy", ready: "/-/ready", port: 9093 },
  grafana: { image: /^docker.io\/grafana\/grafana:\d+\.\d+\.\d+$/, data: "/var/lib/grafana", lives: "/healthz", ready: "/api/health", port: 3000 },
};

describe.each(["prometheus", "alertmanager", "grafana"] as const)("%s", (part) => {
  const set = sets[part];
  const pod = (changes?: Changes) => set(changes).spec.template.spec;
  const container = (changes?: Changes) => pod(changes).containers[0]!;

  it("runs the image that the registry of the settings has", () => {
    expect(container({ imageRegistry: "mirror.example/hub", [groupOf[part]]: { image: "some/thing:v1" } }).image).toBe("mirror.example/hub/some/thing:v1");
    expect(container().image).toMatch(own[part].image);
  });

  it("is nobody's root, gains nothing, and keeps what it writes on its volume", () => {
    expect(pod().securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 10001, fsGroup: 10001, seccompProfile: { type: "RuntimeDefault" } });
    expect(container().securityContext).toEqual({ allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] }, readOnlyRootFilesystem: true });
    const writable = container()
      .volumeMounts.filter(({ readOnly }) => !readOnly)
      .map(({ mountPath }) => mountPath);
    expect(writable.filter((path) => path !== "/tmp")).toEqual([own[part].data]);
    expect(JSON.stringify([container().args, container().env])).toContain(own[part].data);
  });

  it("keeps its data in a claim of the settings' size and class", () => {
    const [claim] = set({ [groupOf[part]]: { volume: { size: "3Gi", storageClass: "fast" } } }).spec.volumeClaimTemplates ?? [];
    expect(claim).toMatchObject({
      metadata: { name: "data" },
      spec: { accessModes: ["ReadWriteOnce"], storageClassName: "fast", resources: { requests: { storage: "3Gi" } } },
    });
    expect(set().spec.volumeClaimTemplates?.[0]?.spec).not.toHaveProperty("storageClassName");
  });

  it("keeps it with the pod where the cluster has no volumes", () => {
    const temporary = { [groupOf[part]]: { volume: { size: "3Gi", temporary: true } } };
    expect(set(temporary).spec).not.toHaveProperty("volumeClaimTemplates");
    expect(pod(temporary).volumes).toContainEqual({ name: "data", emptyDir: { sizeLimit: "3Gi" } });
  });

  it("is asked whether it lives and whether it is ready, on different paths, and may take long to start", () => {
    const { startupProbe, livenessProbe, readinessProbe } = container();
    expect([startupProbe, livenessProbe, readinessProbe].map((probe) => probe?.httpGet)).toEqual([
      { path: own[part].ready, port: "http" },
      { path: own[part].lives, port: "http" },
      { path: own[part].ready, port: "http" },
    ]);
    expect(startupProbe!.periodSeconds! * startupProbe!.failureThreshold!).toBeGreaterThanOrEqual(300);
  });

  it("has the settings' resources", () => {
    const limits = { cpu: "2", memory: "3Gi" };
    expect(container({ [groupOf[part]]: { resources: { limits } } }).resources.limits).toEqual(limits);
  });

  it("is found in the cluster by its name, at its port", () => {
    expect(monitoringService(part, settingsWith())).toMatchObject({
      metadata: { name: part, namespace: "zeromq" },
      spec: { type: "ClusterIP", selector: { app: part }, ports: [{ port: own[part].port, targetPort: "http" }] },
    });
    expect(set().spec.selector.matchLabels).toEqual({ app: part });
    expect(set().spec.template.metadata.labels).toEqual({ app: part });
  });
});

describe("Prometheus", () => {
  it("may look at the pods of its namespace and at nothing else", () => {
    const settings = settingsWith({ namespace: "elsewhere" });
    expect(prometheusRole(settings)).toMatchObject({
      kind: "Role",
      metadata: { namespace: "elsewhere" },
      rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["get", "list", "watch"] }],
    });
    expect(prometheusRoleBinding(settings)).toMatchObject({
      roleRef: { kind: "Role", name: "prometheus" },
      subjects: [{ name: "prometheus", namespace: "elsewhere" }],
    });
    expect(prometheusAccount(settings)).toMatchObject({ automountServiceAccountToken: false });
    expect(sets.prometheus().spec.template.spec).toMatchObject({ serviceAccountName: "prometheus", automountServiceAccountToken: true });
    expect(sets.alertmanager().spec.template.spec).toMatchObject({ automountServiceAccountToken: false });
  });

  it("forgets what is too old, and in time what its volume cannot hold", () => {
    const { args } = sets.prometheus({ prometheus: { retentionDays: 7, volume: { size: "10Gi" } } }).spec.template.spec.containers[0]!;
    expect(args).toEqual(expect.arrayContaining(["--storage.tsdb.retention.time=7d", "--storage.tsdb.retention.size=8192MB"]));
  });

  it("reads the configuration and the rules from a ConfigMap", () => {
    const { data } = prometheusConfigMap(settingsWith(), prometheusCertificateRules(settingsWith(), []));
    expect(Object.keys(data ?? {})).toEqual(["prometheus.yml", "rules.yml", "rules-certificates.yml"]);
    expect(loadYaml(data!["prometheus.yml"]!)).toMatchObject({ rule_files: ["/etc/prometheus/rules*.yml"], scrape_configs: expect.any(Array) });
    expect(loadYaml(data!["rules.yml"]!)).toMatchObject({ groups: expect.any(Array) });
    const {
      containers: [container],
      volumes,
    } = sets.prometheus().spec.template.spec;
    expect(container?.volumeMounts).toContainEqual({ name: "config", mountPath: "/etc/prometheus", readOnly: true });
    expect(volumes).toContainEqual({ name: "config", configMap: { name: "prometheus" } });
  });

  it("begins anew when they change, and only then", () => {
    const hash = (changes?: Changes) => sets.prometheus(changes).spec.template.metadata.annotations["zeromq-stack/config-hash"];
    expect(hash({ alerting: { objectivePercent: 99 } })).not.toBe(hash());
    expect(hash({ prometheus: { retentionDays: 3 } })).toBe(hash());
  });

  it("is told what the stack is", () => {
    const settings = settingsWith({
      longestRequestSeconds: 20,
      scaleDownDelaySeconds: 3600,
      workers: [{ service: "gzip" }, { service: "echo" }],
      autoscaling: { maxReplicas: 7, queueLength: 50 },
    });
    expect(monitored(settings)).toMatchObject({
      namespace: "zeromq",
      oldestRequestSeconds: 10,
      leavingSeconds: 3740,
      queueLength: 50,
      scaled: [
        { service: "gzip", maxReplicas: 7 },
        { service: "echo", maxReplicas: 7 },
      ],
      alertmanager: true,
      grafana: true,
    });
    // One that may not move is at its maximum always.
    const workers = [
      { service: "gzip", max: 9 },
      { service: "echo", min: 4, max: 4 },
    ];
    expect(monitored(settingsWith({ workers })).scaled).toEqual([{ service: "gzip", maxReplicas: 9 }]);
    expect(
      monitored(settingsWith({ autoscaling: { enabled: false }, alerting: { enabled: false, oldestRequestSeconds: 3 }, grafana: { enabled: false } })),
    ).toMatchObject({
      scaled: [],
      oldestRequestSeconds: 3,
      alertmanager: false,
      grafana: false,
    });
  });
});

describe("Alertmanager", () => {
  const configuration = (changes?: Changes) => alertmanagerSecret(settingsWith(changes)).stringData["alertmanager.yml"]!;

  it("has its configuration in a Secret, since receivers stand in it", () => {
    expect(configuration({ alerting: { webhook: hook, email } })).toContain("hunter2");
    expect(sets.alertmanager().spec.template.spec.volumes).toContainEqual({ name: "config", secret: { secretName: "alertmanager" } });
    expect(JSON.stringify(sets.alertmanager({ alerting: { webhook: hook, email } }))).not.toMatch(/hunter2|hooks\.example/);
  });

  it("begins anew when a receiver or a password changes", () => {
    const hash = (changes: Changes) => sets.alertmanager({ alerting: changes }).spec.template.metadata.annotations["zeromq-stack/config-hash"];
    expect(hash({ webhook: hook })).not.toBe(hash({}));
    expect(hash({ email })).not.toBe(hash({ email: { ...email, password: "hunter3" } }));
    expect(hash({ email })).toBe(hash({ email }));
  });
});

describe("Grafana", () => {
  const { env, volumeMounts } = sets.grafana().spec.template.spec.containers[0]!;
  const files = grafanaConfigMap(settingsWith({ prometheus: { scrapeIntervalSeconds: 30 } })).data!;

  it("is provisioned with the stack's Prometheus, by the name that the dashboards ask for", () => {
    expect(loadYaml(files["datasources.yaml"]!)).toMatchObject({
      datasources: [{ type: "prometheus", uid: "prometheus", url: "http://prometheus:9090", isDefault: true, jsonData: { timeInterval: "30s" } }],
    });
  });

  it("is provisioned with the dashboard, which it finds where it looks", () => {
    const { providers } = loadYaml<{ providers: { options: { path: string } }[] }>(files["dashboards.yaml"]!);
    expect(volumeMounts).toContainEqual({ name: "dashboards", mountPath: providers[0]!.options.path, readOnly: true });
    expect(JSON.parse(files["zeromq.json"]!)).toMatchObject({ title: "ZeroMQ Monitoring", uid: "zeromq-monitoring" });
    expect(env).toContainEqual({ name: "GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH", value: "/etc/grafana/dashboards/zeromq.json" });
    // A ConfigMap has room for one MiB.
    expect(Object.values(files).join("").length).toBeLessThan(900_000);
  });

  it("has no password but the one in its Secret, and lets nobody in without", () => {
    expect(grafanaSecret(settingsWith(), "hunter2")).toMatchObject({ stringData: { "admin-password": "hunter2" } });
    expect(env).toEqual(
      expect.arrayContaining([
        { name: "GF_SECURITY_ADMIN_PASSWORD__FILE", value: "/etc/grafana/secrets/admin-password" },
        { name: "GF_AUTH_ANONYMOUS_ENABLED", value: "false" },
        { name: "GF_USERS_ALLOW_SIGN_UP", value: "false" },
      ]),
    );
    expect(volumeMounts).toContainEqual({ name: "secrets", mountPath: "/etc/grafana/secrets", readOnly: true });
  });
});

describe("network paths", () => {
  const portsOf = (rules: readonly { ports?: { port?: unknown }[] }[] | undefined) =>
    (rules ?? []).flatMap(({ ports }) => (ports ?? []).map(({ port }) => port));

  it("lead from Prometheus to names, the API server, our pods' metrics, and what hangs on it", () => {
    const { spec } = prometheusTraffic(settingsWith());
    expect(spec).toMatchObject({ podSelector: { matchLabels: { app: "prometheus" } }, policyTypes: ["Ingress", "Egress"] });
    expect(portsOf(spec?.egress)).toEqual([53, 53, 443, 6443, 9090, 9093, 3000]);
    expect(portsOf(prometheusTraffic(settingsWith({ alerting: { enabled: false }, grafana: { enabled: false } })).spec?.egress)).toEqual([
      53, 53, 443, 6443, 9090,
    ]);
  });

  it("lead to Prometheus from Grafana, from who scales on it, and from nobody else", () => {
    const from = (changes: Changes) => prometheusTraffic(settingsWith(changes)).spec?.ingress;
    const [ports, off] = [[{ protocol: "TCP", port: 9090 }], { enabled: false }];
    const app = (name: string) => ({ from: [{ podSelector: { matchLabels: { app: name } } }], ports });
    expect(from({})).toEqual([app("grafana"), app("prometheus-adapter")]);
    expect(from({ autoscaling: off })).toEqual([app("grafana")]);
    expect(from({ autoscaling: off, grafana: off })).toEqual([]);
    const theirs = { grafana: off, autoscaling: { prometheusAdapter: { from: "cluster" } } };
    expect(from(theirs)).toEqual([]);
    expect(from({ ...theirs, network: { metricsNamespaces: ["monitoring"] } })).toEqual([
      { from: [{ namespaceSelector: { matchExpressions: [{ key: "kubernetes.io/metadata.name", operator: "In", values: ["monitoring"] }] } }], ports },
    ]);
  });

  it("lead from Grafana to Prometheus, and to it from Prometheus, which asks how it is", () => {
    const { spec } = grafanaTraffic(settingsWith());
    expect(portsOf(spec?.egress)).toEqual([53, 53, 9090]);
    expect(spec?.ingress).toEqual([{ from: [{ podSelector: { matchLabels: { app: "prometheus" } } }], ports: [{ protocol: "TCP", port: 3000 }] }]);
  });

  it("lead from Alertmanager to its receivers' ports, and to none where it has none", () => {
    const alerting = { webhook: "http://hooks.example:8080/x", deadMansSwitch: "https://switch.example/y", email };
    expect(portsOf(alertmanagerTraffic(settingsWith({ alerting })).spec?.egress)).toEqual([53, 53, 8080, 443, 587]);
    expect(portsOf(alertmanagerTraffic(settingsWith()).spec?.egress)).toEqual([53, 53]);
    expect(alertmanagerTraffic(settingsWith()).spec?.ingress).toEqual([
      { from: [{ podSelector: { matchLabels: { app: "prometheus" } } }], ports: [{ protocol: "TCP", port: 9093 }] },
    ]);
  });
});
