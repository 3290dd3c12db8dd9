import { loadYaml } from "@kubernetes/client-node";
import type { PodSpec } from "kubernetes-types/core/v1.js";
import { describe, expect, it } from "vitest";
import { elasticsearchConfigMap, elasticsearchSecret, elasticsearchStatefulSet } from "../../infra/specs/elasticsearch.ts";
import { filebeatConfigMap, filebeatDaemonSet, filebeatLoginFile, filebeatNamespace, filebeatSecret } from "../../infra/specs/filebeat.ts";
import { kibanaConfigMap, kibanaSecret, kibanaStatefulSet } from "../../infra/specs/kibana.ts";
import { loggingService } from "../../infra/specs/loggingPod.ts";
import { loggingSetupConfigMap, loggingSetupJob } from "../../infra/specs/loggingSetup.ts";
import { passwordHash, rolesOfUsersFile, usersFile } from "../../monitoring/elasticsearch/configuration.ts";
import { logFields } from "../../services/contract/logs.ts";
import { settingsWith } from "./specs.ts";

type Changes = Record<string, unknown>;
const bare = { logging: { elasticsearch: { distribution: "bare" }, kibana: { enabled: false } } };

const workloads = {
  elasticsearch: (changes?: Changes) => elasticsearchStatefulSet(settingsWith(changes)),
  filebeat: (changes?: Changes) => filebeatDaemonSet(settingsWith(changes)),
  kibana: (changes?: Changes) => kibanaStatefulSet(settingsWith(changes)),
};

describe.each(["elasticsearch", "filebeat", "kibana"] as const)("%s", (part) => {
  const pod = (changes?: Changes) => workloads[part](changes).spec.template.spec;
  const container = (changes?: Changes) => pod(changes).containers[0]!;

  it("runs the image that the registry of the settings has, of the one version that all three have", () => {
    expect(container({ imageRegistry: "mirror.example/hub", logging: { [part]: { image: "some/thing:v1" } } }).image).toBe("mirror.example/hub/some/thing:v1");
    expect(container().image).toBe(`docker.io/elastic/${part}:7.17.28`);
  });

  it("runs an image of another registry from there, but for a mirror that has it", () => {
    const image = `docker.elastic.co/${part}/${part}:7.17.28`;
    const pulled = (changes: Changes) => {
      const { initContainers = [], containers } = pod({ ...changes, logging: { [part]: { image } } }) as PodSpec;
      return [...new Set([...initContainers, ...containers].map(({ image }) => image))];
    };
    expect(pulled({})).toEqual([image]);
    expect(pulled({ imageRegistry: "mirror.example/hub" })).toEqual([`mirror.example/hub/${image}`]);
  });

  it("is nobody's root, gains nothing, and writes to its volumes only", () => {
    expect(pod().securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 1000, runAsGroup: 0, seccompProfile: { type: "RuntimeDefault" } });
    for (const { securityContext } of [
      ...pod().containers,
      ...("initContainers" in pod() ? (pod() as ReturnType<typeof workloads.elasticsearch>["spec"]["template"]["spec"]).initContainers : []),
    ]) {
      expect(securityContext).toEqual({ allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] }, readOnlyRootFilesystem: true });
    }
    expect(pod()).toMatchObject({ automountServiceAccountToken: false, enableServiceLinks: false });
  });

  it("has the settings' resources, and is asked whether it is ready and whether it lives", () => {
    const limits = { cpu: "2", memory: "3Gi" };
    expect(container({ logging: { [part]: { resources: { limits } } } }).resources.limits).toEqual(limits);
    for (const probe of ["startupProbe", "livenessProbe", "readinessProbe"] as const)
      expect(container()[probe]).toMatchObject({ periodSeconds: expect.any(Number), failureThreshold: expect.any(Number) });
    expect(container().startupProbe.periodSeconds * container().startupProbe.failureThreshold).toBeGreaterThanOrEqual(300);
  });

  it("begins anew when its configuration changes, and only then", () => {
    const hash = (changes?: Changes) => workloads[part](changes).spec.template.metadata.annotations["zeromq-stack/config-hash"];
    expect(hash({ namespace: "elsewhere", ...(part === "elasticsearch" && bare) })).not.toBe(hash());
    expect(hash({ logging: { retentionDays: 3 } })).toBe(hash());
  });
});

describe("Elasticsearch", () => {
  const { elasticsearch: set } = workloads;
  const heap = (memory: string) => set({ logging: { elasticsearch: { resources: { limits: { memory } } } } }).spec.template.spec.containers[0]!.env;
  const configuration = (changes?: Changes) => loadYaml<Record<string, unknown>>(elasticsearchConfigMap(settingsWith(changes)).data!["elasticsearch.yml"]!);

  it("has a heap of two fifths of its memory, and never one that is larger than its pointers like", () => {
    expect(heap("2Gi")).toEqual([{ name: "ES_JAVA_OPTS", value: "-Xms819m -Xmx819m" }]);
    expect(heap("512Gi")).toEqual([{ name: "ES_JAVA_OPTS", value: "-Xms30000m -Xmx30000m" }]);
  });

  it("keeps its data in a claim of the settings' size and class, or with the pod", () => {
    const [claim] = set({ logging: { elasticsearch: { volume: { size: "3Gi", storageClass: "fast" } } } }).spec.volumeClaimTemplates ?? [];
    expect(claim).toMatchObject({ metadata: { name: "data" }, spec: { storageClassName: "fast", resources: { requests: { storage: "3Gi" } } } });
    expect(set({ logging: { elasticsearch: { volume: { temporary: true } } } }).spec.volumeClaimTemplates).toBeUndefined();
    expect(set().spec.template.spec.containers[0]!.volumeMounts).toContainEqual({ name: "data", mountPath: configuration()["path.data"], readOnly: false });
  });

  it("lets nobody in without a password, whichever distribution it is", () => {
    for (const changes of [{}, bare]) expect(configuration(changes)["xpack.security.enabled"]).toBe(true);
  });

  it("is given no setting that the bare distribution does not know", () => {
    const unknown = ["xpack.ml.enabled", "ingest.geoip.downloader.enabled"];
    expect(Object.keys(configuration())).toEqual(expect.arrayContaining(unknown));
    expect(Object.keys(configuration(bare)).filter((name) => unknown.includes(name))).toEqual([]);
  });

  it("knows its users' passwords by hashes that stay the same, and who may do what", () => {
    const passwords = { admin: "a".repeat(32), filebeat: "f".repeat(32), kibana: "k".repeat(32) };
    const users = usersFile(passwords);
    expect(users).toMatch(/^(\w+:\{PBKDF2\}10000\$[\w+/=]{44}\$[\w+/=]{44}\n){3}$/);
    expect(usersFile(passwords)).toBe(users);
    expect(passwordHash("one")).not.toBe(passwordHash("other"));
    expect(rolesOfUsersFile()).toBe("superuser:admin\nzeromq_writer:filebeat\nkibana_system:kibana_server\n");
    const { stringData } = elasticsearchSecret(settingsWith(), users, passwords);
    expect(stringData).toEqual({ users, users_roles: rolesOfUsersFile(), "admin-password": passwords.admin, "kibana_server-password": passwords.kibana });
    expect(set().spec.template.spec.volumes).toContainEqual({
      name: "users",
      secret: { secretName: "elasticsearch", items: ["users", "users_roles"].map((key) => ({ key, path: key })) },
    });
    const { zeromq_writer: role } = loadYaml<Record<string, any>>(elasticsearchConfigMap(settingsWith()).data!["roles.yml"]!);
    expect(role.indices[0].privileges).not.toEqual(expect.arrayContaining([expect.stringMatching(/^(all|read|delete|index|write|manage)$/)]));
  });

  it("is found in the cluster by its name, at its port", () => {
    expect(loggingService("elasticsearch", settingsWith())).toMatchObject({
      metadata: { name: "elasticsearch", namespace: "zeromq" },
      spec: { type: "ClusterIP", selector: { app: "elasticsearch" }, ports: [{ port: 9200 }] },
    });
  });
});

describe("Filebeat", () => {
  const files = (changes?: Changes) => filebeatConfigMap(settingsWith(changes)).data!;
  const configuration = loadYaml<any>(files()["filebeat.yml"]!);
  const template = (changes?: Changes) => JSON.parse(files(changes)["template.json"]!);
  const { spec } = workloads.filebeat().spec.template;

  it("lives alone in a namespace that lets it read files of its node", () => {
    expect(filebeatNamespace(settingsWith())).toMatchObject({
      metadata: { name: "zeromq-logs", labels: { "pod-security.kubernetes.io/enforce": "privileged" } },
    });
    for (const object of [workloads.filebeat(), filebeatConfigMap(settingsWith()), filebeatSecret(settingsWith(), "hunter2")])
      expect(object.metadata).toMatchObject({ namespace: "zeromq-logs" });
  });

  it("may read the containers' logs, and no other file of its node", () => {
    expect(spec.volumes.flatMap((volume) => ("hostPath" in volume ? [volume.hostPath?.path] : []))).toEqual(["/var/log/containers", "/var/log/pods"]);
    for (const path of ["/var/log/containers", "/var/log/pods"])
      expect(spec.containers[0]!.volumeMounts).toContainEqual(expect.objectContaining({ mountPath: path, readOnly: true }));
  });

  it("reads the logs of the stack's pods, but not those of what it writes to", () => {
    const [input] = configuration.filebeat.inputs;
    expect(input).toMatchObject({ type: "container", paths: ["/var/log/containers/*_zeromq_*.log"] });
    const excluded = (file: string) => input.exclude_files.some((form: string) => new RegExp(form).test(`/var/log/containers/${file}`));
    expect([
      excluded("elasticsearch-0_zeromq_elasticsearch-00ff.log"),
      excluded("kibana-0_zeromq_kibana-00ff.log"),
      excluded("zeromq-broker-blue-5d-x_zeromq_broker-00ff.log"),
    ]).toEqual([true, true, false]);
  });

  it("writes one index a day where Elasticsearch is, under a template of its own", () => {
    expect(configuration.output.elasticsearch).toMatchObject({ hosts: ["http://elasticsearch.zeromq:9200"], index: "zeromq-%{+yyyy.MM.dd}" });
    expect(configuration.setup).toMatchObject({
      ilm: { enabled: false },
      template: { name: "zeromq", pattern: "zeromq-*", overwrite: true, json: { path: "/etc/filebeat/template.json" } },
    });
    expect(template().index_patterns).toEqual(["zeromq-*"]);
  });

  it("has every field of our lines found, and refuses no line for another", () => {
    const { mappings } = template().template;
    expect(Object.keys(mappings.properties)).toEqual(expect.arrayContaining(Object.values(logFields).map(({ name }) => name)));
    expect(mappings.dynamic).toBe(false);
  });

  it("asks for the lifecycle that deletes, where the distribution knows one", () => {
    expect(template().template.settings).toMatchObject({ "index.lifecycle.name": "zeromq" });
    expect(template(bare).template.settings).not.toHaveProperty(["index.lifecycle.name"]);
  });

  it("has its password in a Secret, and nowhere else", () => {
    const { stringData } = filebeatSecret(settingsWith(), filebeatLoginFile("hunter2"));
    expect(loadYaml(stringData["output.yml"]!)).toEqual({ output: { elasticsearch: { username: "filebeat", password: "hunter2" } } });
    expect(spec.containers[0]!.args.join(" ")).toBe("-e -c /etc/filebeat/filebeat.yml -c /etc/filebeat-login/output.yml");
    expect(spec.volumes).toContainEqual({ name: "login", secret: { secretName: "filebeat" } });
  });
});

describe("Kibana", () => {
  it("asks the stack's Elasticsearch as its own user, and the internet nothing", () => {
    expect(loadYaml(kibanaConfigMap(settingsWith()).data!["kibana.yml"]!)).toMatchObject({
      "elasticsearch.hosts": ["http://elasticsearch.zeromq:9200"],
      "elasticsearch.username": "kibana_server",
      "telemetry.enabled": false,
      "newsfeed.enabled": false,
    });
    const { env } = workloads.kibana().spec.template.spec.containers[0]!;
    expect(env).toContainEqual({ name: "ELASTICSEARCH_PASSWORD", valueFrom: { secretKeyRef: { name: "elasticsearch", key: "kibana_server-password" } } });
    expect(kibanaSecret(settingsWith(), "k".repeat(32)).stringData).toEqual({ "encryption-key": "k".repeat(32) });
    expect(env.map(({ name }) => name)).toEqual(expect.arrayContaining(["XPACK_SECURITY_ENCRYPTIONKEY", "XPACK_ENCRYPTEDSAVEDOBJECTS_ENCRYPTIONKEY"]));
  });
});

describe("the setup", () => {
  const calls = (changes?: Changes) =>
    loggingSetupJob(settingsWith(changes), "image")
      .spec.spec.template.spec.containers[0]!.command.slice(2)
      .map((text) => JSON.parse(text));

  it("says when to delete, and what there is to be looked at", () => {
    expect(calls({ logging: { retentionDays: 7 } })).toEqual([
      {
        method: "PUT",
        url: "http://elasticsearch.zeromq:9200/_ilm/policy/zeromq",
        body: { policy: { phases: { delete: { min_age: "7d", actions: { delete: {} } } } } },
      },
      {
        method: "POST",
        url: "http://kibana.zeromq:5601/api/saved_objects/index-pattern/zeromq?overwrite=true",
        body: { attributes: { title: "zeromq-*", timeFieldName: "@timestamp" } },
      },
    ]);
    expect(calls({ logging: { kibana: { enabled: false } } })).toHaveLength(1);
  });

  it("runs our own image on a program that stands alone", () => {
    const { command, env } = loggingSetupJob(settingsWith(), "image").spec.spec.template.spec.containers[0]!;
    expect(command.slice(0, 2)).toEqual(["/usr/local/bin/node", "/setup/setup.ts"]);
    expect(env).toContainEqual({ name: "SETUP_PASSWORD", valueFrom: { secretKeyRef: { name: "elasticsearch", key: "admin-password" } } });
    expect(loggingSetupConfigMap(settingsWith()).data!["setup.ts"]).not.toMatch(/^import /m);
  });
});
