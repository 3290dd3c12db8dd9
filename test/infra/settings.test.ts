import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { parseSettings, type Settings, SettingsError } from "../../infra/settings.ts";
import { configurationOf } from "./stack.ts";

const digest = `sha256:${"a".repeat(64)}`;
/** The least that a stack has to say. */
const least = { kubeContext: "somewhere", pushRegistry: { server: "registry.example" } };

function parse(settings: object, stack = "dev"): Settings {
  const raw = Object.entries(settings).map(([key, value]) => [
    key.includes(":") ? key : `zeromq-stack:${key}`,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  return parseSettings(Object.fromEntries(raw), stack);
}

function problems(settings: object, stack?: string): Record<string, string> {
  try {
    parse({ ...least, ...settings }, stack);
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    return Object.fromEntries(error.problems.map(({ key, message }) => [key, message]));
  }
  return {};
}

describe("a wrong configuration", () => {
  it("is refused with every problem at once, each with its full key, the value found and what is allowed", () => {
    const found = problems({
      kubeContext: "",
      activeColor: "red",
      broker: { replicas: 0, logLevel: "LOUD", resources: { limits: { cpu: "much" } } },
      workers: [{ service: "gzip" }, { service: "Upper Case", replicas: "many" }],
      images: { blue: "1.4.0" },
      longestRequestSeconds: "soon",
    });

    expect(found).toEqual({
      "zeromq-stack:kubeContext": '"" found; allowed: a context of the kubeconfig, by name',
      "zeromq-stack:activeColor": '"red" found; allowed: blue or green',
      "zeromq-stack:broker.replicas": "0 found; allowed: a whole number from 1 to 100",
      "zeromq-stack:broker.logLevel": '"LOUD" found; allowed: DEBUG or INFO or WARNING or ERROR or CRITICAL',
      "zeromq-stack:broker.resources.limits.cpu": '"much" found; allowed: processor time such as 100m or 0.5',
      "zeromq-stack:workers[1].service": '"Upper Case" found; allowed: up to 40 lower-case letters, digits and hyphens, beginning with a letter',
      "zeromq-stack:workers[1].replicas": '"many" found; allowed: a whole number from 0 to 1000',
      "zeromq-stack:images.blue": expect.stringContaining('"1.4.0" found; allowed: worktree, or a version or repository'),
      "zeromq-stack:longestRequestSeconds": '"soon" found; allowed: seconds from 1 to 86395',
    });
  });

  it("is one error whose text says how many problems there are and of which stack", () => {
    expect(() => parse({ activeColor: "red" }, "prod")).toThrow(/^The settings of stack prod have 11 problems:\n {2}zeromq-stack:/);
  });

  it.each(["dev", "staging", "prod"])("never leaves the choice of the cluster to kubectl: %s without kubeContext fails", (stack) => {
    expect(problems({ kubeContext: undefined }, stack)).toHaveProperty(
      "zeromq-stack:kubeContext",
      "nothing found; allowed: a context of the kubeconfig, by name",
    );
  });

  it("with a misspelt key names the key that was meant, at every depth", () => {
    expect(problems({ activeColour: "green", broker: { replica: 3 }, workers: [{ service: "gzip", retries: 2 }] })).toEqual({
      "zeromq-stack:activeColour": "not a setting; did you mean activeColor?",
      "zeromq-stack:broker.replica": "not a setting; did you mean replicas?",
      "zeromq-stack:workers[0].retries": expect.stringMatching(/^not a setting; there are service, handler, /),
    });
  });

  it("that forgot --path is told so", () => {
    expect(problems({ "broker.replicas": "3" })).toEqual({
      "zeromq-stack:broker.replicas": "not a setting; set it with pulumi config set --path 'broker.replicas'",
    });
  });

  it("that sets a default provider is told that none is used", () => {
    expect(problems({ "kubernetes:context": "production" })).toHaveProperty(["kubernetes:context"]);
  });

  it("shows no secret, neither a wrong one nor one under a misspelt key or in a broken object", () => {
    const text = JSON.stringify([
      problems({ pushRegistry: { server: "r.example", username: "me", password: "hunter2\nhunter2" } }),
      problems({ pushRegistry: { server: "r.example", passwrod: "hunter2" } }),
      problems({ pushRegistry: "me:hunter2@r.example" }),
      problems({ pushRegistry: '{"password": "hunter2"' }),
      problems({ workers: [{ service: "gzip", env: { TOKEN: ["hunter2"] } }] }),
      problems({ workers: [{ service: "gzip", env: "hunter2" }] }),
      problems({ workers: [{ service: "gzip", env: { LOG_LEVEL: "hunter2" } }] }),
      problems({ workers: '[{"service": "gzip", "env": {"TOKEN": "hunter2"}' }),
      problems({ workers: ['{"service": "gzip", "env": {"TOKEN": "hunter2"}}'] }),
      problems({ build: { npmRegistry: "https://me:hunter2@npm.example/" } }),
      problems({ build: '{"npmRegistry": "https://me:hunter2@npm.example/"' }),
    ]);

    expect(text.match(/\[secret\] found/g)).toHaveLength(10);
    expect(text).toContain("did you mean password?");
    expect(text).not.toContain("hunter2");
  });
});

describe("a value that a cluster, a registry or a build would refuse", () => {
  it.each(["default", "kube-system", "kube-public"])("is refused: the namespace %s, which is the cluster's own", (namespace) => {
    expect(problems({ namespace })).toEqual({ "zeromq-stack:namespace": expect.stringContaining(`"${namespace}" found; allowed: `) });
  });

  it.each(["defaults", "kube", "my-kube-system"])("is not the namespace %s", (namespace) => {
    expect(problems({ namespace })).toEqual({});
  });

  it.each(["", "/x", "a/b/c", "-", "x/", "a b", "example.com/-x", "-x.example/y", `a/${"x".repeat(64)}`])("is refused: an annotation named %j", (name) => {
    expect(Object.keys(problems({ frontend: { annotations: { [name]: "x" } } }))).toEqual([`zeromq-stack:frontend.annotations.${name}`]);
  });

  it.each(["x", "service.beta.kubernetes.io/aws-load-balancer-type", "Example.com/A_b.c"])("is not an annotation named %j", (name) => {
    expect(problems({ frontend: { annotations: { [name]: "x" } } })).toEqual({});
  });

  it.each(["999.1.1.1/99", "a/1", "10.0.0.0/33", "10.0.0.0", "10.0.0.0/08", "::/129", "fe80::1%eth0/64", "...../0", "10.0.0.0/8/8"])(
    "is refused: the address range %s",
    (range) => {
      expect(problems({ frontend: { sourceRanges: ["10.0.0.0/8", range] } })).toEqual({
        "zeromq-stack:frontend.sourceRanges[1]": `"${range}" found; allowed: an address range such as 10.0.0.0/8`,
      });
    },
  );

  it("is not an address range of either family", () => {
    expect(problems({ frontend: { sourceRanges: ["0.0.0.0/0", "192.0.2.7/32", "::/0", "2001:db8::/128"] } })).toEqual({});
  });

  it.each(["zeromq-broker:1.4.0", "UPPER/case", "a//b", "a/b:", "a/b:::", "/a", "a/", "-a/b", "r.example:port/a", "a/b_-c", `${"x".repeat(129)}`])(
    "is refused: the image %s by digest",
    (name) => {
      expect(problems({ images: { worker: `${name}@${digest}` } })).toEqual({
        "zeromq-stack:images.worker": expect.stringContaining("found; allowed: worktree"),
      });
    },
  );

  it.each(["1.4.0", "V1_rc-2", "localhost:5001/zeromq-broker", "r.example/team/a__b.c-d:V1.4"])("is not the image %s by digest", (name) => {
    expect(problems({ images: { worker: `${name}@${digest}` } })).toEqual({});
  });

  it.each(["Reg.example/Team", "r.example/", "r.example//a", "r.example:x", "r.example/a:1", "-r.example", "https://r.example", "me@r.example"])(
    "is refused: the registry %s",
    (registry) => {
      const key = (name: string) => `zeromq-stack:${name}`;
      expect(Object.keys(problems({ imageRegistry: registry, pushRegistry: { server: registry } }))).toEqual(["imageRegistry", "pushRegistry.server"].map(key));
    },
  );

  it.each(["docker.io", "localhost:5001", "r.example/a/b_c", "my_team"])("is not the registry %s", (registry) => {
    expect(problems({ imageRegistry: registry, pushRegistry: { server: registry } })).toEqual({});
  });

  it.each(["https://me:token@npm.example", "https://me@npm.example/", "ftp://npm.example", "https://", "https://npm example"])(
    "is refused: the npm registry %s",
    (npmRegistry) => {
      expect(problems({ build: { npmRegistry } })).toEqual({
        "zeromq-stack:build.npmRegistry": "[secret] found; allowed: an http or https address without a user's name or password",
      });
    },
  );

  it("is not an npm registry without a login", () => {
    expect(problems({ build: { npmRegistry: "http://npm.example:4873/a/@b/" } })).toEqual({});
  });

  it.each(["0", "0.0", "0m"])("is refused: a limit of nothing, %s", (cpu) => {
    expect(problems({ broker: { resources: { limits: { cpu } } } })).toHaveProperty(["zeromq-stack:broker.resources.limits.cpu"]);
  });
});

describe("settings that are right one by one", () => {
  it("are refused where a container asks for more than it may have", () => {
    const resources = { requests: { cpu: "1", memory: "1Gi" }, limits: { cpu: "999m", memory: "1023Mi" } };
    expect(problems({ broker: { resources }, workers: [{ service: "gzip", resources: { limits: { cpu: "0.04" } } }] })).toEqual({
      "zeromq-stack:broker.resources.requests.cpu": '"1" found; allowed: at most limits.cpu, which is 999m',
      "zeromq-stack:broker.resources.requests.memory": '"1Gi" found; allowed: at most limits.memory, which is 1023Mi',
      "zeromq-stack:workers[0].resources.requests.cpu": '"50m" found; allowed: at most limits.cpu, which is 0.04',
    });
  });

  it.each([
    ["1", "1000m"],
    ["0.7", "700m"],
    ["700m", "0.7"],
    ["0.001", "1m"],
  ])("are taken where a container asks for all it may have: %s of %s", (asked, most) => {
    const resources = { requests: { cpu: asked, memory: "1Gi" }, limits: { cpu: most, memory: "1024Mi" } };
    expect(problems({ broker: { resources } })).toEqual({});
  });

  it("are refused where a worker's process would not take the value of a variable", () => {
    const env = { LOG_LEVEL: "LOUD", WORKER_CONCURRENCY: "x", MAX_MESSAGE_SIZE: "1G", RCVTIMEO: "0", SNDTIMEO: "1.5", WORKER_ID: "x".repeat(1025) };
    expect(problems({ workers: [{ service: "gzip", env }] })).toEqual({
      "zeromq-stack:workers[0].env.LOG_LEVEL": "[secret] found; allowed: DEBUG or INFO or WARNING or ERROR or CRITICAL",
      "zeromq-stack:workers[0].env.WORKER_CONCURRENCY": "[secret] found; allowed: a whole number from 1 to 10000",
      "zeromq-stack:workers[0].env.MAX_MESSAGE_SIZE": "[secret] found; allowed: a whole number from 1 to 1073741824",
      "zeromq-stack:workers[0].env.RCVTIMEO": "[secret] found; allowed: a whole number from 1 to 600000",
      "zeromq-stack:workers[0].env.SNDTIMEO": "[secret] found; allowed: a whole number from 1 to 600000",
      "zeromq-stack:workers[0].env.WORKER_ID": "[secret] found; allowed: at most 1024 characters",
    });
    const right = { LOG_LEVEL: "debug", WORKER_CONCURRENCY: 4, MAX_MESSAGE_SIZE: "", WORKER_ID: "me", FRONTEND_PORT: "not a worker's" };
    expect(problems({ workers: [{ service: "gzip", env: right }] })).toEqual({});
  });

  it("are refused where this checkout has no handler for a service", () => {
    expect(problems({ workers: [{ service: "nobodys" }, { service: "pack", handler: "gzipp" }] })).toEqual({
      "zeromq-stack:workers[0].handler": expect.stringContaining("no services/worker/handlers/nobodys.ts found; allowed: "),
      "zeromq-stack:workers[1].handler": expect.stringContaining("no services/worker/handlers/gzipp.ts found; allowed: "),
    });
    const elsewhere = { images: { worker: `r.example/shout@${digest}` }, workers: [{ service: "nobodys" }] };
    expect(problems(elsewhere)).toEqual({});
    expect(
      problems({
        workers: [
          { service: "pack", handler: "gzip" },
          { service: "nobodys", handler: "/app/shout.ts" },
        ],
      }),
    ).toEqual({});
  });

  it("are refused where two workers serve one service", () => {
    expect(problems({ workers: [{ service: "gzip" }, { service: "gzip" }] })).toEqual({
      "zeromq-stack:workers[1].service": '"gzip" found a second time; allowed: a name of its own',
    });
  });

  it("are refused where a handler may take longer than a pod waits for it", () => {
    expect(problems({ workers: [{ service: "gzip", workerTimeoutSeconds: 31 }] })).toEqual({
      "zeromq-stack:workers[0].workerTimeoutSeconds": "31 found; allowed: at most longestRequestSeconds, which is 30",
    });
    expect(problems({ workers: [{ service: "gzip", workerTimeoutSeconds: 31 }], longestRequestSeconds: "31" })).toEqual({});
  });

  it("are refused where a worker's variable would contradict another setting", () => {
    expect(problems({ workers: [{ service: "gzip", env: { SERVICE: "echo", LEVEL: "9" } }] })).toEqual({
      "zeromq-stack:workers[0].env.SERVICE": "set by the program; other settings decide it",
    });
  });

  it.each(["ClusterIP", "NodePort"])("are refused where source ranges would protect nothing: %s", (serviceType) => {
    expect(problems({ frontend: { serviceType, sourceRanges: ["10.0.0.0/8"] } })).toHaveProperty(["zeromq-stack:frontend.sourceRanges"]);
  });

  it("are refused where Kibana would ask an Elasticsearch that does not know it", () => {
    expect(problems({ logging: { elasticsearch: { distribution: "bare" } } })).toHaveProperty(["zeromq-stack:logging.kibana.enabled"]);
    expect(problems({ logging: { elasticsearch: { distribution: "bare" }, kibana: { enabled: false } } })).toEqual({});
  });

  it("are refused where the namespace leaves no room for the name of Filebeat's, or could be one", () => {
    expect(problems({ namespace: "n".repeat(59) })).toHaveProperty(["zeromq-stack:namespace"]);
    expect(problems({ namespace: "n".repeat(59), logging: { enabled: false } })).toEqual({});
    expect(problems({ namespace: "shop-logs" })).toHaveProperty(["zeromq-stack:namespace"]);
  });

  it("are refused where a part of the logs asks for more than it may have", () => {
    for (const part of ["elasticsearch", "filebeat", "kibana"]) {
      const key = `zeromq-stack:logging.${part}.resources.requests.memory`;
      expect(problems({ logging: { [part]: { resources: { requests: { memory: "9Gi" } } } } }), part).toHaveProperty([key]);
    }
  });

  it("are refused where clients would reach what nobody released", () => {
    const released = { images: { blue: `1.4.0@${digest}` } };
    const image = `some/thing:v1@${digest}`;
    const pinned = {
      ...Object.fromEntries(["prometheus", "alerting", "grafana"].map((key) => [key, { image }])),
      autoscaling: { metricsServer: { image }, prometheusAdapter: { image } },
      logging: Object.fromEntries(["elasticsearch", "filebeat", "kibana"].map((part) => [part, { image }])),
    };
    expect(problems(pinned, "prod")).toEqual({ "zeromq-stack:images.blue": expect.stringContaining("active colour of stack prod") });
    expect(problems({ ...released, ...pinned }, "prod")).toEqual({});
    expect(problems({ ...released, ...pinned, activeColor: "green" }, "prod")).toHaveProperty(["zeromq-stack:images.green"]);
    expect(problems(released, "prod")).toEqual(
      Object.fromEntries(
        [
          "prometheus",
          "alerting",
          "grafana",
          "autoscaling.metricsServer",
          "autoscaling.prometheusAdapter",
          "logging.elasticsearch",
          "logging.filebeat",
          "logging.kibana",
        ].map((key) => [`zeromq-stack:${key}.image`, expect.stringContaining("allowed: with a digest")]),
      ),
    );
    const clusters = { autoscaling: { metricsServer: { from: "cluster" }, prometheusAdapter: { from: "cluster" } } };
    expect(problems({ ...released, ...pinned, ...clusters }, "prod")).toEqual({});
    expect(problems({ ...released, ...pinned, logging: { enabled: false } }, "prod")).toEqual({});
    expect(problems({}, "dev-e2e")).toEqual({});
    expect(problems({}, "development")).toHaveProperty(["zeromq-stack:images.blue"]);
  });

  it("are refused where an image has no registry to be in", () => {
    expect(problems({ pushRegistry: {} })).toEqual({
      "zeromq-stack:pushRegistry.server": expect.stringContaining("needed for images.blue, images.green, images.worker"),
    });
    const elsewhere = `registry.example/zeromq@${digest}`;
    expect(problems({ pushRegistry: {}, images: { blue: elsewhere, green: elsewhere, worker: elsewhere } })).toEqual({});
  });

  it("are refused where an image that is built here, for one processor, would have to run on any", () => {
    const pinned = `1.0@${digest}`;
    const built = (images: object, workers: object[] = [{ service: "echo" }]) => Object.keys(problems({ build: { platform: "any" }, images, workers }));
    expect(built({ green: pinned })).toEqual(["zeromq-stack:images.blue", "zeromq-stack:images.worker"]);
    expect(built({ blue: pinned, green: pinned }, [{ service: "echo", image: pinned }])).toEqual([]);
    expect(built({ blue: pinned, green: pinned }, [{ service: "echo", image: pinned }, { service: "gzip" }])).toEqual(["zeromq-stack:images.worker"]);
  });

  it("are refused where the smoke request asks a service that has no worker", () => {
    expect(problems({ smoke: { service: "gzip" }, workers: [{ service: "echo" }] })).toEqual({
      "zeromq-stack:smoke.service": '"gzip" found; allowed: a service of workers: echo',
    });
  });

  it("are refused where what looks at the stack has nothing to look with", () => {
    expect(problems({ prometheus: { enabled: false } })).toEqual(
      Object.fromEntries(
        ["alerting", "grafana", "autoscaling"].map((key) => [`zeromq-stack:${key}.enabled`, "true found; allowed: only with prometheus.enabled"]),
      ),
    );
    const off = { enabled: false };
    expect(problems({ prometheus: off, alerting: off, grafana: off, autoscaling: { enabled: "false" } })).toEqual({});
  });

  it("are refused where Prometheus would look too seldom for the rules", () => {
    expect(problems({ prometheus: { scrapeIntervalSeconds: 61 } })).toEqual({
      "zeromq-stack:prometheus.scrapeIntervalSeconds": "61 found; allowed: a whole number from 5 to 60",
    });
    expect(problems({ prometheus: { scrapeIntervalSeconds: 60 } })).toEqual({});
  });

  it("are refused where a mailbox's login is half, or the least is more than the most", () => {
    const email = { to: "a@example.com", from: "b@example.com", server: "mail.example.com:25" };
    expect(problems({ alerting: { email: { ...email, username: "me" } } })).toHaveProperty(["zeromq-stack:alerting.email.password"]);
    expect(problems({ alerting: { email: { ...email, password: "x" } } })).toHaveProperty(["zeromq-stack:alerting.email.username"]);
    expect(problems({ alerting: { email } })).toEqual({});
    expect(problems({ alerting: { email: { ...email, server: "mail.example.com:99999" } } })).toHaveProperty(["zeromq-stack:alerting.email.server"]);
    expect(problems({ autoscaling: { minReplicas: 4, maxReplicas: 3 } })).toHaveProperty(["zeromq-stack:autoscaling.minReplicas"]);
    expect(problems({ autoscaling: { metricsServer: { from: "elsewhere" } } })).toHaveProperty(
      ["zeromq-stack:autoscaling.metricsServer.from"],
      '"elsewhere" found; allowed: stack or cluster',
    );
  });

  it("are refused where keys or clients contradict each other, or plain text would be used beyond development", () => {
    const clients = [{ name: "shop" }, { name: "shop", services: ["echo", "nothing"] }];
    const workers = [{ service: "echo" }];
    expect(problems({ clients, workers, curve: { serverKey: 3, otherServerKey: 3 } })).toEqual({
      "zeromq-stack:curve.otherServerKey": "3 found; allowed: another number than curve.serverKey",
      "zeromq-stack:clients[1].name": '"shop" found a second time; allowed: a name of its own',
      "zeromq-stack:clients[1].services[1]": '"nothing" found; allowed: a service of workers: echo',
    });
    expect(problems({ clients: [{ name: "stack" }] })).toHaveProperty(["zeromq-stack:clients[0].name"]);
    const plain = { images: { blue: `1.4.0@${digest}` }, curve: { enabled: false } };
    expect(problems(plain, "staging")).toHaveProperty(["zeromq-stack:curve.enabled"]);
    expect(problems(plain, "dev-alice")).toEqual({});
  });

  it("are refused where a list of clients' namespaces would be no limit", () => {
    const network = { clientNamespaces: ["shop"] };
    expect(problems({ network })).toHaveProperty(["zeromq-stack:network.clientNamespaces"]);
    expect(problems({ network, frontend: { sourceRanges: ["192.0.2.0/24"] } })).toEqual({});
    expect(problems({ network, frontend: { serviceType: "ClusterIP" } })).toEqual({});
  });

  it("are refused where a login is half", () => {
    expect(problems({ pushRegistry: { server: "r.example", username: "me" } })).toHaveProperty(["zeromq-stack:pushRegistry.password"]);
    expect(problems({ pushRegistry: { server: "r.example", password: "x" } })).toHaveProperty(["zeromq-stack:pushRegistry.username"]);
  });
});

describe("a certificates' file", () => {
  const folder = mkdtempSync(join(tmpdir(), "settings-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const certificate = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";

  it.each([
    ["that is not there", undefined, "no file found"],
    ["without a certificate", "hello", "no certificate found"],
    ["with a private key", `${certificate}-----BEGIN PRIVATE KEY-----`, "a private key found"],
    ["too long for a build", certificate.padEnd(100_001), "100001 bytes found"],
  ])("%s is refused", (name, content, message) => {
    const path = join(folder, `${name.replaceAll(" ", "-")}.pem`);
    if (content !== undefined) writeFileSync(path, content);
    expect(problems({ build: { caCertificates: path } })).toEqual({
      "zeromq-stack:build.caCertificates": expect.stringContaining(message),
    });
  });

  it("that is one is taken", () => {
    const path = join(folder, "company.pem");
    writeFileSync(path, certificate);
    expect(problems({ build: { caCertificates: path } })).toEqual({});
  });
});

describe("a right configuration", () => {
  it("needs only a cluster and a registry; the rest has the seed's values", () => {
    expect(parse(least)).toMatchObject({
      kubeContext: "somewhere",
      namespace: "zeromq",
      activeColor: "blue",
      imageRegistry: "docker.io",
      images: { blue: "worktree", green: "worktree", worker: "worktree" },
      build: { platform: "linux/amd64" },
      broker: {
        replicas: 3,
        logLevel: "INFO",
        heartbeatIntervalSeconds: 2.5,
        heartbeatLiveness: 3,
        receiveTimeoutMs: 5000,
        sendTimeoutMs: 5000,
        resources: { requests: { cpu: "100m", memory: "128Mi" }, limits: { cpu: "500m", memory: "512Mi" } },
      },
      longestRequestSeconds: 30,
      workers: [
        {
          service: "echo",
          replicas: 5,
          workerTimeoutSeconds: 5,
          retryAttempts: 3,
          resources: { requests: { cpu: "50m", memory: "64Mi" }, limits: { cpu: "200m", memory: "256Mi" } },
        },
      ],
      frontend: { serviceType: "LoadBalancer", annotations: {}, sourceRanges: [] },
    });
  });

  it("may be written as pulumi config set writes it: numbers as text, texts as numbers", () => {
    const settings = parse({
      ...least,
      longestRequestSeconds: "12.5",
      broker: { replicas: "4", resources: { limits: { cpu: 2 } } },
      workers: [{ service: "gzip", env: { LEVEL: 9, FAST: true } }],
    });

    expect(settings.longestRequestSeconds).toBe(12.5);
    expect(settings.broker.replicas).toBe(4);
    expect(settings.broker.resources.limits).toEqual({ cpu: "2", memory: "512Mi" });
    expect(settings.workers[0]?.env).toEqual({ LEVEL: "9", FAST: "true" });
  });

  it("is what Pulumi.dev.yaml holds: a context of its own, and nothing that waits for a load balancer", () => {
    const settings = parseSettings(configurationOf("dev"), "dev");

    expect(settings.kubeContext).toBe("zeromq-stack-dev");
    expect(settings.frontend.serviceType).toBe("ClusterIP");
    expect(settings.workers.map(({ service, replicas }) => [service, replicas])).toEqual([
      ["gzip", 2],
      ["echo", 1],
    ]);
  });
});
