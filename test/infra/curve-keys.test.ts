import { describe, expect, it } from "vitest";
import { readPair } from "../../services/transport/curve-keys.ts";
import { parseAdmittedKeys } from "../../services/transport/admitted-keys.ts";
import { parsePeerKeys } from "../../services/transport/peer-keys.ts";
import { parseServerPairs } from "../../services/transport/server-pairs.ts";
import { encodeZ85 } from "../../services/transport/zmtp/z85.ts";
import { pairsText } from "../../infra/specs/curveFiles.ts";
import { ofType, type Run, runProgram, valueOf } from "./program.ts";

interface Pair {
  publicKey: string;
  secretKey: string;
  createdSeconds: number;
}

// How Pulumi marks a secret value on its way to the engine.
const secretMark = "1b47061264138c4ac30d75fd1eb44270";
const isSecret = (value: unknown) => Object.values(value as object).includes(secretMark);

/** What the state keeps of pairs; beside them it keeps what of it is protected. */
const keptPairs = (run: Run) => Object.values(ofType(run, "pulumi:index:Stash")).filter(({ name }) => name !== "protection");
const stashes = (run: Run) => Object.fromEntries(keptPairs(run).map(({ name, inputs }) => [name, inputs["input"].value as Pair]));
const halves = ({ publicKey, secretKey }: Pair) => ({ publicKey, secretKey });
const secret = (run: Run, name: string) => ofType(run, "kubernetes:core/v1:Secret")[name]!.inputs["stringData"].value as Record<string, string>;
const admitted = (run: Run) => ofType(run, "kubernetes:core/v1:ConfigMap")["zeromq-admitted-keys"]!.inputs["data"] as Record<"clients" | "workers", string>;
const namesIn = (text: string) => [...parseAdmittedKeys("x", text).admitted.values()];

const clients = [{ name: "shop" }, { name: "till", services: ["echo", "gzip"] }];
const withClients = (curve = {}) => runProgram({ "zeromq-stack:clients": JSON.stringify(clients), "zeromq-stack:curve": JSON.stringify(curve) });

describe("the stack's keys", () => {
  it("are a pair each for the brokers, the workers, the stack's own clients, and every client of the settings", async () => {
    const pairs = stashes(await withClients());
    expect(Object.keys(pairs).sort()).toEqual(["client-key-shop", "client-key-till", "curve-key-pair", "probe-key", "worker-key"]);
    expect(Object.values(pairs).map((pair) => readPair(pair) !== undefined)).toEqual([true, true, true, true, true]);
    expect(new Set(Object.values(pairs).map(({ secretKey }) => secretKey)).size).toBe(5);
  });

  it("last: what is in the state stays, whatever a run offers", async () => {
    for (const { ignoreChanges } of keptPairs(await withClients())) expect(ignoreChanges).toEqual(["input"]);
  });

  it("are as old as their entry in the state says, the next ones of a rotation too: an alert asks for their age", async () => {
    const before = Math.floor(Date.now() / 1000);
    const run = await withClients({ serverKey: 2, otherServerKey: 1 });
    const server = parseServerPairs("x", secret(run, "zeromq-secrets")["curve-pairs"]!);
    const kept = stashes(run);
    expect(server).toMatchObject([{ createdSeconds: kept["curve-key-pair-2"]!.createdSeconds }, { createdSeconds: kept["curve-key-pair"]!.createdSeconds }]);
    for (const { createdSeconds } of Object.values(kept)) expect(createdSeconds >= before && createdSeconds <= Date.now() / 1000).toBe(true);
  });

  it("of a state from before their age was kept go on without one", () => {
    expect(pairsText([{ publicKey: "p", secretKey: "s" }])).toBe("p s\n");
  });

  it("are secret wherever they stand, and stand nowhere else", async () => {
    const run = await withClients({ serverKey: 2, otherServerKey: 1 });
    const holders = [...keptPairs(run), ...Object.values(ofType(run, "kubernetes:core/v1:Secret"))];
    for (const { name, inputs } of holders) expect(isSecret(inputs["input"] ?? inputs["stringData"]), name).toBe(true);
    const { clientKeys, ...outputs } = run.outputs;
    expect(await clientKeys.isSecret).toBe(true);
    const elsewhere = JSON.stringify([run.resources.filter((one) => !holders.includes(one)), outputs]);
    for (const { secretKey } of Object.values(stashes(run))) expect(elsewhere).not.toContain(JSON.stringify(secretKey).slice(1, -1));
  });

  it("of the server are read as the brokers' variables, and from the file that changes while they run", async () => {
    const run = await withClients();
    const { publicKey, secretKey, createdSeconds } = stashes(run)["curve-key-pair"]!;
    expect(secret(run, "zeromq-secrets")).toEqual({
      "curve-public-key": publicKey,
      "curve-secret-key": secretKey,
      "curve-pairs": `${publicKey} ${secretKey} ${createdSeconds}\n`,
    });
    const broker = ofType(run, "kubernetes:apps/v1:Deployment")["zeromq-broker-blue"]!.inputs["spec"].template.spec.containers[0];
    expect(broker.env).toContainEqual({ name: "CURVE_SECRET_KEY", valueFrom: { secretKeyRef: { name: "zeromq-secrets", key: "curve-secret-key" } } });
    expect(broker.env).toContainEqual({ name: "CURVE_PUBLIC_KEY", valueFrom: { secretKeyRef: { name: "zeromq-secrets", key: "curve-public-key" } } });
  });

  it("of workers and probes are what their processes read", async () => {
    const run = await withClients();
    const pairs = stashes(run);
    const serverKey = [pairs["curve-key-pair"]!.publicKey];
    expect(parsePeerKeys("x", secret(run, "zeromq-worker-keys")["curve-peer"]!)).toEqual({ serverKey, ...halves(pairs["worker-key"]!) });
    expect(parsePeerKeys("x", secret(run, "zeromq-probe-keys")["curve-peer"]!)).toEqual({ serverKey, ...halves(pairs["probe-key"]!) });
  });

  it("of each client are given out under the names of their variables", async () => {
    const run = await withClients();
    const pairs = stashes(run);
    const expected = (name: string) => ({
      CURVE_SERVER_KEY: pairs["curve-key-pair"]!.publicKey,
      CURVE_PUBLIC_KEY: pairs[name]!.publicKey,
      CURVE_SECRET_KEY: pairs[name]!.secretKey,
    });
    expect(await valueOf(run.outputs["clientKeys"])).toEqual({ shop: expected("client-key-shop"), till: expected("client-key-till") });
  });

  it("are needed by the pods, so they are there before them", async () => {
    const { resources } = await withClients();
    for (const { name, dependsOn } of resources.filter(({ type }) => type === "kubernetes:apps/v1:Deployment")) {
      expect(dependsOn, name).toEqual(expect.arrayContaining(["zeromq-secrets", "zeromq-worker-keys", "zeromq-probe-keys", "zeromq-admitted-keys"]));
    }
  });
});

describe("the brokers admit", () => {
  it("clients of the settings with their services, and the stack's own, to one side; workers to the other", async () => {
    const { clients: lines, workers } = admitted(await withClients());
    expect(namesIn(lines)).toEqual([{ name: "stack" }, { name: "shop" }, { name: "till", services: ["echo", "gzip"] }]);
    expect(namesIn(workers)).toEqual([{ name: "zeromq-worker" }]);
  });

  it("whom the settings name now: a changed list changes no pod's template", async () => {
    const templates = (run: Run) => Object.values(ofType(run, "kubernetes:apps/v1:Deployment")).map(({ inputs }) => inputs["spec"].template);
    expect(templates(await withClients())).toEqual(templates(await runProgram()));
  });
});

describe("a rotation", () => {
  const keysOf = async (curve: object) => {
    const run = await withClients(curve);
    const pairs = stashes(run);
    const number = (publicKey: string) => ({ [pairs["curve-key-pair"]?.publicKey ?? "-"]: 1, [pairs["curve-key-pair-2"]?.publicKey ?? "--"]: 2 })[publicKey];
    const server = parseServerPairs("x", secret(run, "zeromq-secrets")["curve-pairs"]!);
    if (typeof server === "string") throw new Error(server);
    return {
      brokers: server.map(({ publicKey }) => number(encodeZ85(publicKey))),
      workers: [parsePeerKeys("x", secret(run, "zeromq-worker-keys")["curve-peer"]!).serverKey].flat().map(number),
      clients: String((await valueOf<any>(run.outputs["clientKeys"])).shop.CURVE_SERVER_KEY)
        .split(",")
        .map(number),
      templates: Object.values(ofType(run, "kubernetes:apps/v1:Deployment")).map(({ inputs }) => inputs["spec"].template),
    };
  };

  it("gives everybody both keys, then the new one first, then that alone, and restarts nobody", async () => {
    const before = await keysOf({});
    const steps = [await keysOf({ otherServerKey: 2 }), await keysOf({ serverKey: 2, otherServerKey: 1 }), await keysOf({ serverKey: 2 })];
    for (const [index, keys] of [[1, 2], [2, 1], [2]].entries()) {
      expect(steps[index]).toEqual({ brokers: keys, workers: keys, clients: keys, templates: before.templates });
    }
  });

  it("is over when nobody has the old key: who must be gone at once is by new brokers", async () => {
    const annotations = async (curve: object) =>
      ofType(await withClients(curve), "kubernetes:apps/v1:Deployment")["zeromq-broker-blue"]!.inputs["spec"].template.metadata.annotations;
    expect(await annotations({ restarts: 1 })).not.toEqual(await annotations({}));
  });

  it("cannot delete the key in use, but on a development stack", async () => {
    const guarded = async (stack: string) => {
      const digest = `sha256:${"c".repeat(64)}`;
      const run = await runProgram(
        { "zeromq-stack:images": JSON.stringify({ blue: `1.0@${digest}` }), "zeromq-stack:curve": JSON.stringify({ serverKey: 2, otherServerKey: 1 }) },
        stack,
      );
      return Object.values(ofType(run, "pulumi:index:Stash")).flatMap(({ name, protect }) => (protect ? [name] : []));
    };
    expect(await guarded("prod")).toEqual(["curve-key-pair-2"]);
    expect(await guarded("dev-alice")).toEqual([]);
  });
});

it("plain text is no key, no file and no variable", async () => {
  const { resources } = await withClients({ enabled: false });
  const pods = resources.filter(({ type }) => /Deployment|Job/.test(type)).map(({ inputs }) => inputs["spec"].template.spec);
  expect(pods.length).toBeGreaterThan(6);
  expect(JSON.stringify(pods)).not.toMatch(/curve/i);
});

it("what runs our client has the stack's own key: a Job, and whoever calls it in a broker's pod", async () => {
  const { resources } = await withClients();
  const pods = resources
    .filter(({ type, name }) => /Job/.test(type) || name.startsWith("zeromq-broker-blue"))
    .flatMap(({ inputs }) => inputs["spec"].template?.spec ?? []);
  expect(pods).toHaveLength(4);
  for (const {
    containers: [container],
    volumes,
  } of pods) {
    expect(container.env).toContainEqual({ name: "CURVE_PEER_FILE", value: "/app/curve/peer" });
    expect(container.volumeMounts).toContainEqual({ name: "curve", mountPath: "/app/curve", readOnly: true });
    const { sources } = volumes.find(({ name }: { name: string }) => name === "curve").projected;
    expect(sources).toContainEqual({ secret: { name: "zeromq-probe-keys", items: [{ key: "curve-peer", path: "peer" }] } });
  }
});
