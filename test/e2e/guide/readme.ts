import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { dumpYaml, loadYaml } from "@kubernetes/client-node";
import { expect } from "vitest";
import { names } from "../../../services/contract/names.ts";
import { codeIn } from "../../ci/guides.ts";
import { selected } from "../brokers.ts";
import { ownCheckout } from "../stack.ts";
import type { Chapter } from "./chapter.ts";
import { activeIs, inFile, outputs, ready, resources, statusOf } from "./looks.ts";

const readme = readFileSync(join(ownCheckout, "README.md"), "utf8");

export const plainCommands: Chapter = {
  guide: "README.md",
  heading: "The plain commands",
  steps: [
    { types: 'eval "$(npm run --silent env)"', so: "a shell has all that the commands need", thenTypes: "pulumi version && docker version && kubectl version" },
    {
      types: "pulumi preview",
      so: "says what would be made",
      shows: (_, printed) => expect(printed).toMatch(/traffic: none yet → blue[^]*\+ \d+ to create/),
    },
    {
      types: "pulumi config set --path broker.replicas 3",
      so: "stands in the stack's settings",
      shows: (cast) => expect(inFile(cast, `Pulumi.${cast.reader.name}.yaml`)).toContain("replicas: 3"),
    },
    { types: "pulumi up", so: "makes the stack", shows: (cast) => activeIs(cast, "blue", 3) },
    {
      types: "pulumi stack output",
      so: "tells where it is",
      shows: ({ reader }, printed) => expect(printed).toContain(`tcp://${names.brokerService}.${reader.namespace}.svc:5555`),
    },
    {
      types: "kubectl get pods -n zeromq",
      so: "shows brokers of both colours and workers",
      shows: (_, printed) => expect(printed.match(/^zeromq-\S+ +1\/1 +Running/gm)).toHaveLength(4 + 3),
    },
  ],
  elsewhere: { "pulumi destroy": "ends the story: the last of the operations guide" },
};

export const newVersion: Chapter = {
  guide: "README.md",
  heading: "A new version, and back",
  steps: [
    {
      types: "npm run pin -- blue",
      so: "keeps the active colour's image",
      shows: (_, printed) => expect(printed).toMatch(/images\.blue: worktree → 0\.1\.0@sha256:/),
    },
    {
      types: "pulumi up",
      so: "gives green the new version, without traffic",
      before({ reader }) {
        const file = join(reader.checkout, "services/broker/main.ts");
        writeFileSync(file, `${readFileSync(file, "utf8")}// A new version.\n`);
        writeFileSync(join(reader.checkout, "services/worker/handlers/shout.ts"), codeIn(readme, "Write a worker", "ts"));
      },
      async shows(cast) {
        const { images } = await outputs(cast);
        expect(images.green).not.toBe(images.blue);
        await activeIs(cast, "blue", 3);
      },
    },
    {
      types: "pulumi config set activeColor green",
      so: "moves nobody yet",
      shows: async ({ reader }) => expect(await selected(reader)).toEqual(["blue", "blue"]),
    },
    {
      types: "pulumi preview",
      so: "says in words what becomes of traffic",
      shows: (_, printed) => expect(printed).toContain("traffic: blue 0.1.0 → green 0.1.0"),
    },
    { types: "pulumi up", so: "moves all traffic", shows: (cast) => activeIs(cast, "green", 3) },
    { types: "npm run status -- --watch", so: "shows the new colour active", until: statusOf("green", 3) },
  ],
};

export const writeAWorker: Chapter = {
  guide: "README.md",
  heading: "Write a worker",
  steps: [
    {
      types: "pulumi up",
      so: "runs the handler that the README prints, once it is in the settings",
      before({ reader }) {
        const shout = loadYaml<Record<string, object[]>>(codeIn(readme, "Write a worker", "yaml"))["zeromq-stack:workers"]!.at(-1)!;
        const path = join(reader.checkout, `Pulumi.${reader.name}.yaml`);
        const file = loadYaml<{ config: Record<string, object[]> }>(readFileSync(path, "utf8"));
        file.config["zeromq-stack:workers"]!.push({ ...shout, resources });
        writeFileSync(path, dumpYaml(file));
      },
      shows: (cast) => ready(cast, names.workerDeployment("shout", 2), 5),
    },
    {
      types:
        "echo hello | kubectl exec -i -n zeromq deployment/zeromq-broker-blue -- node /app/client/main.ts request --address tcp://zeromq-broker:5555 --service shout",
      so: "brings the new worker's reply",
      shows: (_, printed) => expect(printed).toBe("HELLO"),
    },
  ],
};

export const keys: Chapter = {
  guide: "README.md",
  heading: "Keys",
  steps: [
    { types: "npm run clients -- add shop echo gzip", so: "gives a client of the same name another key" },
    {
      types: "npm run --silent clients -- keys shop > shop.keys",
      so: "writes it to a file for the client",
      async shows(cast) {
        await cast.guests().give("shop.keys", inFile(cast, "shop.keys"));
        await cast.guests().areAnswered("shop", "comesAnew");
      },
    },
  ],
  elsewhere: { "npm run rotate -- next": "the steps of a rotation are run as the guide to keys has them" },
};
