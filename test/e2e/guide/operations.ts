import { expect } from "vitest";
import { names } from "../../../services/contract/names.ts";
import type { Chapter } from "./chapter.ts";
import { activeIs, handOver, notAdmitted, ready, statusOf } from "./looks.ts";

export const look: Chapter = {
  guide: "docs/operations.md",
  heading: "Look",
  steps: [
    { types: "npm run status", so: "shows colours, versions and who is connected", shows: (_, printed) => expect(printed).toMatch(statusOf("blue", 3)) },
    { types: "npm run status -- --watch", so: "shows it again and again", until: /^active[^]*^active/m },
    { types: "pulumi stack output", so: "shows no secret", shows: (_, printed) => expect(printed).toMatch(/clientKeys +\[secret\]/) },
    { types: "kubectl get pods -n zeromq", so: "shows the pods", shows: (_, printed) => expect(printed).toMatch(/^zeromq-worker-\S+ +1\/1 +Running/m) },
  ],
};

export const switchColors: Chapter = {
  guide: "docs/operations.md",
  heading: "Switch to a new version, and back",
  steps: [
    {
      types: "npm run pin -- blue",
      so: "says that its image is kept",
      shows: (_, printed) => expect(printed).toMatch(/images\.blue is 0\.1\.0@sha256:\w+ already/),
    },
    { types: "pulumi up", so: "leaves traffic where it is", shows: (_, printed) => expect(printed).toContain("traffic: stays on green") },
    { types: "npm run switch -- green", so: "says where traffic goes", shows: (_, printed) => expect(printed).toContain("Traffic goes to green.") },
    {
      types: "npm run switch -- blue",
      so: "moves all traffic back",
      async shows(cast, printed) {
        expect(printed).toContain("Traffic goes to blue. The way back: npm run switch -- green");
        await activeIs(cast, "blue", 3);
      },
    },
  ],
};

export const scale: Chapter = {
  guide: "docs/operations.md",
  heading: "Scale",
  steps: [
    { types: "pulumi config set --path broker.replicas 5", so: "is a setting" },
    { types: "pulumi config set --path 'workers[0].replicas' 12", so: "is a setting" },
    {
      types: "pulumi up",
      so: "makes more brokers and more workers",
      async shows(cast) {
        await activeIs(cast, "blue", 5);
        await ready(cast, names.workerDeployment("gzip", 0), 12);
      },
    },
  ],
};

export const keys: Chapter = {
  guide: "docs/operations.md",
  heading: "Keys",
  steps: [
    { types: "npm run clients", so: "lists who has a key", shows: (_, printed) => expect(printed).toMatch(/^demo {2}all services$/m) },
    {
      types: "npm run clients -- add shop echo",
      so: "admits a client to one service (and the scale of before comes with it)",
      async before({ reader }) {
        await reader.set("broker.replicas", "2");
        await reader.set("workers[0].replicas", "2");
      },
      async shows(cast) {
        await activeIs(cast, "blue", 2);
        await handOver(cast, "shop");
        await cast.guests().areAnswered("shop", "stays", "comesAnew");
        expect(await cast.guests().ask("shop", "gzip")).toContain('the key of shop is not admitted to "gzip"');
      },
    },
    {
      types: "npm run clients -- remove shop --now",
      so: "ends the client's connections, and it gets no other",
      async shows({ guests, reader }, printed) {
        expect(printed).toContain("shop is locked out.");
        await guests().newcomerIsRefused("shop", notAdmitted);
        await guests().isCutOff("shop", notAdmitted);
        expect((await reader.types("npm run clients")).text).not.toContain("shop");
      },
    },
    {
      types: "npm run rotate",
      so: "says which step is due, and who came in by which key",
      shows: (_, printed) => expect(printed).toMatch(/^ {2}\S{40} {2}\d+ connections came in by it\nDue: npm run rotate -- next/m),
    },
  ],
};

export const wayOut: Chapter = {
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
      async shows({ reader }) {
        const { exitCode, text } = await reader.kubectl(["get", "namespace", reader.namespace]);
        expect(exitCode).not.toBe(0);
        expect(text).toContain("not found");
      },
    },
  ],
};
