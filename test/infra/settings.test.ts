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
      "zeromq-stack:workers[1].service":
        '"Upper Case" found; allowed: up to 40 lower-case letters, digits and hyphens, beginning with a letter',
      "zeromq-stack:workers[1].replicas": '"many" found; allowed: a whole number from 0 to 1000',
      "zeromq-stack:images.blue": expect.stringContaining('"1.4.0" found; allowed: worktree, or a version or repository'),
      "zeromq-stack:longestRequestSeconds": '"soon" found; allowed: seconds from 1 to 86400',
    });
  });

  it("is one error whose text says how many problems there are and of which stack", () => {
    expect(() => parse({ activeColor: "red" }, "prod")).toThrow(/^The settings of stack prod have 2 problems:\n {2}zeromq-stack:/);
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
    ]);

    expect(text.match(/\[secret\] found/g)).toHaveLength(5);
    expect(text).toContain("did you mean password?");
    expect(text).not.toContain("hunter2");
  });
});

describe("settings that are right one by one", () => {
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

  it("are refused where clients would reach what nobody released", () => {
    const released = { images: { blue: `1.4.0@${digest}` } };
    expect(problems({}, "prod")).toEqual({ "zeromq-stack:images.blue": expect.stringContaining("active colour of stack prod") });
    expect(problems(released, "prod")).toEqual({});
    expect(problems({ ...released, activeColor: "green" }, "prod")).toHaveProperty(["zeromq-stack:images.green"]);
    expect(problems({}, "dev-e2e")).toEqual({});
    expect(problems({}, "development")).toHaveProperty(["zeromq-stack:images.blue"]);
  });

  it("are refused where an image has no registry to be in", () => {
    expect(problems({ pushRegistry: {} })).toEqual({
      "zeromq-stack:pushRegistry.server": expect.stringContaining("needed for images.worker and images.blue"),
    });
    const elsewhere = `registry.example/zeromq@${digest}`;
    expect(problems({ pushRegistry: {}, images: { blue: elsewhere, worker: elsewhere } })).toEqual({});
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
    expect(settings.workers.map(({ service, replicas }) => [service, replicas])).toEqual([["gzip", 2], ["echo", 1]]);
  });
});
