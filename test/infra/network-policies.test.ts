import { beforeAll, describe, expect, it } from "vitest";
import { connects, type Place, type Policy, type Port } from "./network-evaluator.ts";
import { ofType, type Run, runProgram } from "./program.ts";

const type = "kubernetes:networking.k8s.io/v1:NetworkPolicy";
const policiesOf = (run: Run) => Object.values(ofType(run, type)).map(({ inputs }) => inputs as Policy);

/** A place for each kind of pod that the program declares, by the labels that it really has, and some strangers. */
function places(run: Run): Record<string, Place> {
  const found: Record<string, Place> = {};
  let last = 0;
  const add = (name: string, namespace: string | undefined, labels: Record<string, string> = {}, address = `10.244.0.${(last += 1)}`): void => {
    found[name] = { name, address, labels, ...(namespace === undefined ? {} : { namespace }) };
  };
  for (const { name, inputs } of run.resources.filter(({ type }) => /:(Deployment|Job|StatefulSet)$/.test(type)))
    add(name, "zeromq", inputs["spec"].template.metadata.labels);
  add("client here", "zeromq", { "zeromq-client": "true" });
  add("stranger here", "zeromq", { app: "stranger" });
  add("Prometheus", "zeromq", { app: "prometheus" });
  add("shop", "shop", { app: "shop" });
  // It wears our labels, where they mean nothing.
  add("impostor", "elsewhere", { app: "zeromq-worker", "zeromq-client": "true" });
  add("impostor Prometheus", "elsewhere", { app: "prometheus" });
  add("monitoring", "monitoring", { app: "agent" });
  add("name server", "kube-system", { "k8s-app": "kube-dns" });
  add("office", undefined, {}, "192.0.2.7");
  add("internet", undefined, {}, "203.0.113.9");
  return found;
}

const ports: Port[] = [22, 53, 80, 443, 5432, 5555, 5556, 6443, 9090]
  .map((port) => ({ protocol: "TCP" as const, port }))
  .concat([{ protocol: "UDP" as never, port: 53 }]);

/** Everything that gets through, as `from → to :port`; what no policy of the stack is about is left out. */
function ways(run: Run): string[] {
  const policies = policiesOf(run);
  const all = Object.values(places(run));
  const ours = (place: Place): boolean => place.namespace === "zeromq";
  return all.flatMap((from) =>
    all
      .filter((to) => from !== to && (ours(from) || ours(to)))
      .flatMap((to) =>
        ports
          .filter((port) => connects(policies, from, to, port))
          .map(({ protocol, port }) => `${from.name} → ${to.name} :${port}${protocol === "UDP" ? "/udp" : ""}`),
      ),
  );
}

const pairs = (from: readonly string[], to: readonly string[], ...numbers: (number | string)[]): string[] =>
  from.flatMap((one) => to.filter((other) => other !== one).flatMap((other) => numbers.map((number) => `${one} → ${other} :${number}`)));

const brokers = ["zeromq-broker-blue", "zeromq-broker-green"];
const workers = ["zeromq-worker", "zeromq-worker-echo"];
const jobs = ["zeromq-switch-gate", "zeromq-switch-confirm", "zeromq-switch-move"];
const outside = ["shop", "impostor", "impostor Prometheus", "monitoring", "name server", "office", "internet"];
/** Who may ask names may do so anywhere but in the stack's own namespace, whose pods let nobody in at that port. */
const names = pairs([...brokers, ...workers, ...jobs, "client here"], outside, 53, "53/udp");
const always = [...pairs(workers, brokers, 5556), ...pairs([...brokers, ...jobs, "client here"], brokers, 5555), ...names];

let standard: Run;
beforeAll(async () => void (standard = await runProgram()));

describe("between every pair of a component, a stranger and an outsider, port by port, there is a way for", () => {
  it("workers to the backend, clients anywhere to the frontend, and everybody to the name server: no other", () => {
    // Prometheus has a policy of its own with what it reaches; here it is a pod that nothing lets out.
    expect(ways(standard).sort()).toEqual([...always, ...pairs(outside, brokers, 5555)].sort());
  });

  it("Prometheus to the metrics, once something lets it out", () => {
    const { Prometheus: prometheus, ...all } = places(standard);
    const isReached = (port: number) =>
      Object.values(all)
        .filter((to) => connects([...policiesOf(standard), letOut(prometheus!)], prometheus!, to, { protocol: "TCP", port }))
        .map(({ name }) => name);
    expect(
      isReached(9090)
        .filter((name) => !outside.includes(name))
        .sort(),
    ).toEqual([...brokers, ...workers].sort());
    expect(isReached(5556).filter((name) => !outside.includes(name))).toEqual([]);
  });

  it("clients of the listed namespaces and addresses only, where there is a list", async () => {
    const run = await runProgram({
      "zeromq-stack:network": JSON.stringify({ clientNamespaces: ["shop"] }),
      "zeromq-stack:frontend": JSON.stringify({ serviceType: "LoadBalancer", sourceRanges: ["192.0.2.0/24"] }),
    });
    expect(ways(run).sort()).toEqual([...always, ...pairs(["shop", "office"], brokers, 5555)].sort());
  });

  it("nobody outside where the frontend is the cluster's own", async () => {
    const run = await runProgram({ "zeromq-stack:network": JSON.stringify({ clientNamespaces: ["shop"] }) });
    expect(ways(run).sort()).toEqual([...always, ...pairs(["shop"], brokers, 5555)].sort());
  });

  it("the listed namespaces to the metrics", async () => {
    const run = await runProgram({ "zeromq-stack:network": JSON.stringify({ metricsNamespaces: ["monitoring"] }) });
    expect(ways(run).sort()).toEqual([...always, ...pairs(outside, brokers, 5555), ...pairs(["monitoring"], [...brokers, ...workers], 9090)].sort());
  });

  it("Filebeat, Kibana and the setup to Elasticsearch, the setup to Kibana, and nobody else to or from these", async () => {
    const run = await runProgram({ "zeromq-stack:logging": JSON.stringify({ enabled: true }) });
    const besides = [
      {
        name: "filebeat",
        namespace: "zeromq-logs",
        labels: ofType(run, "kubernetes:apps/v1:DaemonSet")["filebeat"]!.inputs["spec"].template.metadata.labels,
        address: "10.244.1.1",
      },
      { name: "stranger beside Filebeat", namespace: "zeromq-logs", labels: { app: "stranger" }, address: "10.244.1.2" },
      { name: "impostor Filebeat", namespace: "elsewhere", labels: { app: "filebeat" }, address: "10.244.1.3" },
      { name: "Filebeat in the wrong place", namespace: "zeromq", labels: { app: "filebeat" }, address: "10.244.1.4" },
    ];
    const all = [...Object.values(places(run)), ...besides];
    const logs = ["elasticsearch", "kibana", "zeromq-logs-setup", "filebeat", "stranger beside Filebeat"];
    const asked = [...ports.filter(({ port }) => port !== 53), ...[9200, 9300, 5601, 5066].map((port) => ({ protocol: "TCP" as const, port }))];
    const found = all.flatMap((from) =>
      all
        .filter((to) => from !== to && (logs.includes(from.name) || logs.includes(to.name)))
        .flatMap((to) => asked.filter((port) => connects(policiesOf(run), from, to, port)).map(({ port }) => `${from.name} → ${to.name} :${port}`)),
    );
    expect(found.sort()).toEqual(
      [...pairs(["filebeat", "kibana", "zeromq-logs-setup"], ["elasticsearch"], 9200), ...pairs(["zeromq-logs-setup"], ["kibana"], 5601)].sort(),
    );
  });

  describe("Alertmanager", () => {
    const every = [22, 25, 80, 443, 1025, 5432, 5555, 5556, 6443, 8080, 9090, 9093];
    /** Where it gets to, with the port of the pod, not of its Service: that is what a network sees. */
    const reached = async (alerting: object) => {
      const run = await runProgram({
        "zeromq-stack:prometheus": JSON.stringify({ enabled: true }),
        "zeromq-stack:alerting": JSON.stringify({ enabled: true, ...alerting }),
        "zeromq-stack:network": JSON.stringify({ clientNamespaces: ["shop"] }),
      });
      const { alertmanager, ...others } = places(run);
      const hook = { name: "hook", namespace: "ops", labels: { app: "hook" }, address: "10.244.2.1" };
      return [...Object.values(others), hook].flatMap((to) =>
        every.filter((port) => connects(policiesOf(run), alertmanager!, to, { protocol: "TCP", port })).map((port) => `alertmanager → ${to.name} :${port}`),
      );
    };
    const pods = ["shop", "impostor", "impostor Prometheus", "monitoring", "name server", "hook"];
    const beyond = ["office", "internet"];
    const mailed = (server: string) => ({ email: { to: "a@example.com", from: "b@example.com", server } });

    it.each([
      [{}, []],
      [{ webhook: "https://hooks.example.com/x" }, [443]],
      [{ webhook: "http://svc.hooks.example.com:8080/x" }, [8080]],
      [{ deadMansSwitch: "https://hc.example.org/y", ...mailed("mail.eu.example.com:25") }, [443, 25]],
    ])("to its receivers' ports, and to no other, where they are outside: %o", async (alerting, numbers) => {
      expect((await reached(alerting)).sort()).toEqual(pairs(["alertmanager"], [...pods, ...beyond], ...numbers).sort());
    });

    it.each([
      [{ webhook: "http://hook/x" }, 80],
      [{ webhook: "http://hook.ops/x" }, 80],
      [{ webhook: "http://hook.ops.svc/x" }, 80],
      [{ deadMansSwitch: "https://hook.ops.svc.cluster.local/x" }, 443],
      [{ webhook: "http://hook.ops.svc.cluster.local./x" }, 80],
      [{ webhook: "http://10.96.0.7/x" }, 80],
      [mailed("relay.ops.svc:25"), 25],
    ])("to any port of a pod that lets it in, too, where a receiver may be a Service of the cluster: %o", async (alerting, number) => {
      expect((await reached(alerting)).sort()).toEqual([...pairs(["alertmanager"], pods, ...every), ...pairs(["alertmanager"], beyond, number)].sort());
    });
  });

  it("a handler to what its service names, and for no other service's", async () => {
    const workers = [{ service: "gzip", egress: [{ to: "203.0.113.0/24", ports: [443, 5432] }] }, { service: "echo" }];
    const run = await runProgram({ "zeromq-stack:workers": JSON.stringify(workers) });
    expect(ways(run).sort()).toEqual([...always, ...pairs(outside, brokers, 5555), ...pairs(["zeromq-worker"], ["internet"], 443, 5432)].sort());
  });
});

it("pods start behind closed doors", () => {
  const policies = Object.keys(ofType(standard, type));
  expect(policies).toContain("zeromq-default-deny");
  for (const { name, dependsOn } of Object.values(ofType(standard, "kubernetes:apps/v1:Deployment")))
    expect(dependsOn, name).toEqual(expect.arrayContaining(policies));
});

it("none is declared where the settings say so", async () => {
  const everything = Object.fromEntries(["prometheus", "alerting", "grafana"].map((part) => [`zeromq-stack:${part}`, JSON.stringify({ enabled: true })]));
  expect(Object.keys(ofType(await runProgram(everything), type))).toEqual(expect.arrayContaining(["prometheus", "alertmanager", "grafana"]));
  expect(ofType(await runProgram({ ...everything, "zeromq-stack:network": JSON.stringify({ policies: false }) }), type)).toEqual({});
});

/** A pod that may connect to everything, if it is let in. */
function letOut({ namespace, labels }: Place): Policy {
  return { metadata: { namespace: namespace! }, spec: { podSelector: { matchLabels: labels! }, policyTypes: ["Egress"], egress: [{}] } };
}
