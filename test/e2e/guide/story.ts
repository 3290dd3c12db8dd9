import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { dumpYaml, loadYaml } from "@kubernetes/client-node";
import { expect, vi } from "vitest";
import { names, otherColor, type Color } from "../../../services/contract/names.ts";
import { codeIn } from "../../ci/guides.ts";
import { selected } from "../brokers.ts";
import { ownCheckout, succeed } from "../stack.ts";
import type { Guests } from "./guests.ts";
import type { Reader, Typing } from "./reader.ts";

/** Who is in the story. */
export interface Cast {
  readonly reader: Reader;
  readonly guests: () => Guests;
}

/** A command of a guide, and what must be so when it is done. */
export interface Step extends Typing {
  /** As the guide prints it. */
  readonly types: string;
  readonly so: string;
  /** What the guide has the reader do before it, without a command of its own. */
  before?(cast: Cast): Promise<void> | void;
  then?(cast: Cast, printed: string): Promise<void> | void;
}

/** The commands under one heading of a guide, in its order. */
export interface Chapter {
  readonly guide: string;
  readonly heading: string;
  readonly steps: readonly Step[];
  /** Commands that are not run here, and why not. */
  readonly elsewhere?: Readonly<Record<string, string>>;
}

const patience = { timeout: 180_000, interval: 1_000 };
const [brokers, workers] = [names.brokerApp, names.workerApp];

async function outputs({ reader }: Cast): Promise<Record<string, any>> {
  return JSON.parse((await reader.pulumi(["stack", "output", "--json"])).stdout.toString());
}

/** Waits until a Deployment has as many pods as it should, all of them ready. */
async function ready({ reader }: Cast, deployment: string, replicas: number): Promise<void> {
  await vi.waitFor(async () => {
    const { spec, status } = (await reader.list("deployments")).find(({ metadata }) => metadata.name === deployment);
    expect({ deployment, asked: spec.replicas, there: status.replicas, ready: status.readyReplicas }).toEqual({ deployment, asked: replicas, there: replicas, ready: replicas });
  }, patience);
}

async function podsOf({ reader }: Cast, app: string): Promise<string[]> {
  return (await reader.list("pods", `app=${app}`)).map(({ metadata, status }) => `${metadata.name} ${status.containerStatuses?.[0].restartCount}`).sort();
}

/** Both Services for clients lead to a colour, and its brokers and the others' are as many as they should be. */
async function activeIs(cast: Cast, color: Color, replicas: number): Promise<void> {
  expect(await selected(cast.reader)).toEqual([color, color]);
  await ready(cast, names.brokerDeployment(color), replicas);
  await ready(cast, names.brokerDeployment(otherColor(color)), 1);
}

const statusOf = (color: Color, replicas: number): RegExp => new RegExp(`^active +${color} +0\\.1\\.0 +${replicas} brokers, \\d+ clients, \\d+ requests`, "m");
const noKeyIsAdmitted = "does not admit our key (400)";

/** The lines that a file of the reader's has. */
const inFile = ({ reader }: Cast, file: string): string => readFileSync(join(reader.checkout, file), "utf8");

/** The reader hands a client its keys. */
async function handOver(cast: Cast, name: string): Promise<string> {
  await succeed(cast.reader.types(`npm run --silent clients -- keys ${name} > ${name}.keys`));
  const keys = inFile(cast, `${name}.keys`);
  await cast.guests().give(`${name}.keys`, keys);
  return keys;
}

const serverKeys = (keys: string): string[] => /^CURVE_SERVER_KEY=(.*)$/m.exec(keys)![1]!.split(",");

/** What a rotation must not change: the pods. */
const pods = async (cast: Cast): Promise<string[]> => [...(await podsOf(cast, brokers)), ...(await podsOf(cast, workers))];
const before = { shopsKeys: "", rotation: [] as string[] };

export const beginning: Chapter = {
  guide: "README.md",
  heading: "The plain commands",
  steps: [
    { types: 'eval "$(npm run --silent env)"', so: "a shell has all that the commands need", thenTypes: "pulumi version && docker version && kubectl version" },
    {
      types: "pulumi preview",
      so: "says what would be made",
      then: (_, printed) => expect(printed).toMatch(/traffic: none yet → blue[^]*\+ \d+ to create/),
    },
    { types: "pulumi config set --path broker.replicas 3", so: "stands in the stack's settings", then: (cast) => expect(inFile(cast, `Pulumi.${cast.reader.name}.yaml`)).toContain("replicas: 3") },
    { types: "pulumi up", so: "makes the stack", then: (cast) => activeIs(cast, "blue", 3) },
    {
      types: "pulumi stack output",
      so: "tells where it is",
      then: ({ reader }, printed) => expect(printed).toContain(`tcp://${names.brokerService}.${reader.namespace}.svc:5555`),
    },
    { types: "kubectl get pods -n zeromq", so: "shows brokers of both colours and workers", then: (_, printed) => expect(printed.match(/^zeromq-\S+ +1\/1 +Running/gm)).toHaveLength(4 + 3) },
  ],
  elsewhere: { "pulumi destroy": "ends the story: the last of the operations guide" },
};

export const underLoad: readonly Chapter[] = [
  {
    guide: "docs/operations.md",
    heading: "Look",
    steps: [
      { types: "npm run status", so: "shows colours, versions and who is connected", then: (_, printed) => expect(printed).toMatch(statusOf("blue", 3)) },
      { types: "npm run status -- --watch", so: "shows it again and again", until: /^active[^]*^active/m },
      { types: "pulumi stack output", so: "shows no secret", then: (_, printed) => expect(printed).toMatch(/clientKeys +\[secret\]/) },
      { types: "kubectl get pods -n zeromq", so: "shows the pods", then: (_, printed) => expect(printed).toMatch(/^zeromq-worker-\S+ +1\/1 +Running/m) },
    ],
  },
  {
    guide: "README.md",
    heading: "A new version, and back",
    steps: [
      { types: "npm run pin -- blue", so: "keeps the active colour's image", then: (_, printed) => expect(printed).toMatch(/images\.blue: worktree → 0\.1\.0@sha256:/) },
      {
        types: "pulumi up",
        so: "gives green the new version, without traffic",
        before({ reader }) {
          const file = join(reader.checkout, "services/broker/main.ts");
          writeFileSync(file, `${readFileSync(file, "utf8")}// A new version.\n`);
        },
        async then(cast) {
          const { images } = await outputs(cast);
          expect(images.green).not.toBe(images.blue);
          await activeIs(cast, "blue", 3);
        },
      },
      { types: "pulumi config set activeColor green", so: "moves nobody yet", then: async ({ reader }) => expect(await selected(reader)).toEqual(["blue", "blue"]) },
      { types: "pulumi preview", so: "says in words what becomes of traffic", then: (_, printed) => expect(printed).toContain("traffic: blue 0.1.0 → green 0.1.0") },
      { types: "pulumi up", so: "moves all traffic", then: (cast) => activeIs(cast, "green", 3) },
      { types: "npm run status -- --watch", so: "shows the new colour active", until: statusOf("green", 3) },
    ],
  },
  {
    guide: "README.md",
    heading: "Write a worker",
    steps: [
      {
        types: "pulumi up",
        so: "runs the handler that the README prints, once it is in the settings",
        before({ reader }) {
          const readme = readFileSync(join(ownCheckout, "README.md"), "utf8");
          writeFileSync(join(reader.checkout, "services/worker/handlers/shout.ts"), codeIn(readme, "Write a worker", "ts"));
          const printed = loadYaml<Record<string, object[]>>(codeIn(readme, "Write a worker", "yaml"))["zeromq-stack:workers"]!;
          const path = join(reader.checkout, `Pulumi.${reader.name}.yaml`);
          const file = loadYaml<{ config: Record<string, object[]> }>(readFileSync(path, "utf8"));
          file.config["zeromq-stack:workers"]!.push(printed.at(-1)!);
          writeFileSync(path, dumpYaml(file));
        },
        then: (cast) => ready(cast, names.workerDeployment("shout", 2), 5),
      },
      {
        types: "echo hello | kubectl exec -i -n zeromq deployment/zeromq-broker-blue -- node /app/client/main.ts request --address tcp://zeromq-broker:5555 --service shout",
        so: "brings the new worker's reply",
        then: (_, printed) => expect(printed).toBe("HELLO"),
      },
    ],
  },
  {
    guide: "docs/operations.md",
    heading: "Switch to a new version, and back",
    steps: [
      { types: "npm run pin -- blue", so: "says that its image is kept", then: (_, printed) => expect(printed).toMatch(/images\.blue is 0\.1\.0@sha256:\w+ already/) },
      { types: "pulumi up", so: "leaves traffic where it is", then: (_, printed) => expect(printed).toContain("traffic: stays on green") },
      { types: "npm run switch -- green", so: "says where traffic goes", then: (_, printed) => expect(printed).toContain("Traffic goes to green.") },
      {
        types: "npm run switch -- blue",
        so: "moves all traffic back",
        async then(cast, printed) {
          expect(printed).toContain("Traffic goes to blue. The way back: npm run switch -- green");
          await activeIs(cast, "blue", 3);
        },
      },
    ],
  },
  {
    guide: "docs/operations.md",
    heading: "Scale",
    steps: [
      { types: "pulumi config set --path broker.replicas 5", so: "is a setting" },
      { types: "pulumi config set --path 'workers[0].replicas' 12", so: "is a setting" },
      {
        types: "pulumi up",
        so: "makes more brokers and more workers",
        async then(cast) {
          await activeIs(cast, "blue", 5);
          await ready(cast, names.workerDeployment("gzip", 0), 12);
        },
      },
    ],
  },
  {
    guide: "docs/operations.md",
    heading: "Keys",
    steps: [
      { types: "npm run clients", so: "lists who has a key", then: (_, printed) => expect(printed).toMatch(/^demo {2}all services$/m) },
      {
        types: "npm run clients -- add shop echo",
        so: "admits a client to one service (and the scale of before comes with it)",
        async before({ reader }) {
          await reader.set("broker.replicas", "2");
          await reader.set("workers[0].replicas", "2");
        },
        async then(cast) {
          await activeIs(cast, "blue", 2);
          before.shopsKeys = await handOver(cast, "shop");
          await cast.guests().areAnswered("shop", "stays", "comesAnew");
          expect(await cast.guests().ask("shop", "gzip")).toContain('the key of shop is not admitted to "gzip"');
        },
      },
      {
        types: "npm run clients -- remove shop --now",
        so: "ends the client's connections, and it gets no other",
        async then({ guests, reader }, printed) {
          expect(printed).toContain("shop is locked out.");
          await guests().areRefused("shop", noKeyIsAdmitted, "stays", "comesAnew");
          expect((await reader.types("npm run clients")).text).not.toContain("shop");
        },
      },
      {
        types: "npm run rotate",
        so: "says which step is due, and who came in by which key",
        then: (_, printed) => expect(printed).toMatch(/^ {2}\S{40} {2}\d+ connections came in by it\nDue: npm run rotate -- next/m),
      },
    ],
  },
  {
    guide: "docs/keys.md",
    heading: "A client",
    steps: [
      { types: "npm run clients -- add shop", so: "admits a client to all services", then: (_, printed) => expect(printed).toContain("shop is admitted within a minute and a half.") },
      { types: "npm run clients -- add till echo gzip", so: "admits another one to two" },
      {
        types: "npm run clients -- keys shop > shop.keys",
        so: "writes a file with a new pair, with which the client comes in without a restart",
        async then(cast) {
          const keys = inFile(cast, "shop.keys");
          await cast.guests().give("shop.keys", keys);
          await cast.guests().areAnswered("shop", "stays", "comesAnew");
          expect(keys).not.toBe(before.shopsKeys);
          expect(await cast.guests().ask("shop", "gzip")).toBe("answered");
          await handOver(cast, "till");
          await cast.guests().areAnswered("till", "stays", "comesAnew");
          expect(await cast.guests().ask("till", "shout")).toContain('the key of till is not admitted to "shout"');
        },
      },
      {
        types: "npm run clients -- remove shop",
        so: "lets the client open no connection, and leaves it the one that it has",
        async then({ guests }) {
          await guests().areRefused("shop", noKeyIsAdmitted, "comesAnew");
          await guests().areAnswered("shop", "stays");
        },
      },
    ],
  },
  {
    guide: "README.md",
    heading: "Keys",
    steps: [
      { types: "npm run clients -- add shop echo gzip", so: "gives a client of the same name another key" },
      {
        types: "npm run clients -- keys shop > shop.keys",
        so: "writes it to a file for the client",
        async then(cast) {
          await cast.guests().give("shop.keys", inFile(cast, "shop.keys"));
          await cast.guests().areAnswered("shop", "comesAnew");
        },
      },
    ],
    elsewhere: { "npm run rotate -- next": "the steps of a rotation are run as the guide to keys has them" },
  },
  {
    guide: "docs/keys.md",
    heading: "Another key for the brokers",
    steps: [
      { types: "npm run rotate", so: "says what is due", then: (_, printed) => expect(printed).toContain("Due: npm run rotate -- next") },
      {
        types: "npm run rotate -- next",
        so: "gives every broker both keys; till gets them, too, and shop does not",
        before: async (cast) => void (before.rotation = await pods(cast)),
        async then(cast, printed) {
          expect(printed).toContain("3 of 3 brokers have the keys");
          const old = serverKeys(inFile(cast, "shop.keys"));
          expect(serverKeys(await handOver(cast, "till"))).toEqual([...old, expect.any(String)]);
          await cast.guests().areAnswered("till", "stays", "comesAnew");
        },
      },
      {
        types: "npm run rotate -- promote",
        so: "names the new key first, and the old one still opens",
        async then(cast, printed) {
          expect(printed).toContain("3 of 3 brokers have the keys");
          expect((await outputs(cast))["serverKeys"]).toEqual(serverKeys(inFile(cast, "till.keys")).reverse());
          await cast.guests().areAnswered("shop", "stays", "comesAnew");
          await cast.guests().areAnswered("till", "stays", "comesAnew");
        },
      },
      {
        types: "npm run rotate -- finish",
        so: "turns away who has only the old key, though not its connection; who has both never noticed, and no pod was replaced",
        async then(cast, printed) {
          expect(printed).toContain("The old key opens no more.");
          await cast.guests().areRefused("shop", "does not have the server key that this side expects", "comesAnew");
          await cast.guests().areAnswered("shop", "stays");
          await cast.guests().areAnswered("till", "stays", "comesAnew");
          expect(await pods(cast)).toEqual(before.rotation);
        },
      },
    ],
  },
];

export const ending: Chapter = {
  guide: "docs/operations.md",
  heading: "Protection, and the way out",
  steps: [
    {
      types: "pulumi config set protect false",
      so: "is what it takes: without it the stack cannot be destroyed",
      async before({ reader }) {
        const { exitCode, text } = await reader.types("pulumi destroy");
        expect(exitCode).not.toBe(0);
        expect(text).toContain("protect");
        expect((await reader.list("deployments")).length).toBeGreaterThan(0);
      },
    },
    { types: "pulumi up", so: "takes the protection away" },
    {
      types: "pulumi destroy",
      so: "leaves nothing in the cluster",
      async then({ reader }) {
        const { exitCode, text } = await reader.kubectl(["get", "namespace", reader.namespace]);
        expect(exitCode).not.toBe(0);
        expect(text).toContain("not found");
      },
    },
  ],
};

const restored = "restoring is a story of its own: test/e2e/restore.test.ts";

/** Headings whose commands are run by others, or by nobody, and why. */
const apart: readonly Chapter[] = [
  {
    guide: "README.md",
    heading: "Start",
    steps: [],
    elsewhere: { "npm run up": "makes the cluster that this story needs; test/run.ts takes the same steps", "npm test": "runs this" },
  },
  {
    guide: "README.md",
    heading: "Without Kubernetes",
    steps: [],
    elsewhere: {
      "GRAFANA_ADMIN_PASSWORD=<yours> docker compose up --build": "needs Grafana's image; test/ci/compose.test.ts has the file read by Compose's own parser",
      "docker compose exec broker node /app/client/main.ts request --service echo --body hello": "the same",
    },
  },
  {
    guide: "README.md",
    heading: "How fast, how safe",
    steps: [],
    elsewhere: {
      "npm run bench": "measures for minutes, beside programs that are no part of this; test/unit/bench.test.ts tests its report",
      "npm run simulate -- --seeds 10000": "test/simulation runs the same with fewer seeds",
      "npm run simulate -- --weather switch-storm": "the same",
    },
  },
  {
    guide: "docs/operations.md",
    heading: "Backup and restore",
    steps: [],
    elsewhere: {
      "pulumi stack import --file state.json": restored,
      "pulumi refresh": restored,
      "pulumi up": restored,
      "pulumi stack output serverKeys": restored,
    },
  },
];

export const chapters: readonly Chapter[] = [beginning, ...underLoad, ending, ...apart];
