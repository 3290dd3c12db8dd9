import { expect } from "vitest";
import { names } from "../../../services/contract/names.ts";
import { ports } from "../../../services/contract/ports.ts";
import { printed } from "../stack.ts";
import type { Cast, Chapter } from "./chapter.ts";
import { handOver, inFile, notAdmitted, outputs, pods } from "./looks.ts";

const serverKeys = (keys: string): string[] => /^CURVE_SERVER_KEY=(.*)$/m.exec(keys)![1]!.split(",");
const everyBrokerHasThem = /^([3-9]) of \1 brokers have the keys$/m;
let keysBefore = "";
let podsBefore: string[] = [];

/** What a libzmq client says that has the second one of the two server keys. */
async function plainWithTheSecond({ reader, plainPod }: Cast, keys: string): Promise<string> {
  const program = `
    import { text } from "node:stream/consumers";
    import * as zmq from "zeromq";
    const value = Object.fromEntries((await text(process.stdin)).trim().split("\\n").map((line) => line.split(/=(.*)/s)));
    const socket = new zmq.Request({ linger: 0, receiveTimeout: 30_000, curveServerKey: value.CURVE_SERVER_KEY.split(",")[1], curvePublicKey: value.CURVE_PUBLIC_KEY, curveSecretKey: value.CURVE_SECRET_KEY });
    socket.connect("tcp://${names.brokerService}:${ports.frontend}");
    await socket.send(["MDPC01", "echo", "hello"]);
    console.log((await socket.receive()).at(-1).toString());
    process.exit();`;
  return (await printed(reader.kubectl(["exec", "-i", plainPod, "--", "node", "--input-type=module", "--eval", program], Buffer.from(keys)))).trim();
}

export const clients: Chapter = {
  guide: "docs/keys.md",
  heading: "A client",
  steps: [
    {
      types: "npm run clients -- add shop",
      so: "admits a client to all services",
      shows: (_, printed) => expect(printed).toContain("shop is admitted within a minute and a half."),
    },
    { types: "npm run clients -- add till echo gzip", so: "admits another one to two" },
    {
      types: "npm run --silent clients -- keys shop > shop.keys",
      so: "writes a file with a new pair, with which the client comes in without a restart",
      before: (cast) => void (keysBefore = inFile(cast, "shop.keys")),
      async shows(cast) {
        const keys = inFile(cast, "shop.keys");
        expect(
          keys
            .trim()
            .split("\n")
            .sort()
            .map((line) => line.replace(/=\S{40}$/, "")),
        ).toEqual(["CURVE_PUBLIC_KEY", "CURVE_SECRET_KEY", "CURVE_SERVER_KEY"]);
        await cast.guests().give("shop.keys", keys);
        await cast.guests().areAnswered("shop", "stays", "comesAnew");
        expect(keys).not.toBe(keysBefore);
        expect(await cast.guests().ask("shop", "gzip")).toBe("answered");
        await handOver(cast, "till");
        await cast.guests().areAnswered("till", "stays", "comesAnew");
        expect(await cast.guests().ask("till", "shout")).toContain('the key of till is not admitted to "shout"');
      },
    },
    {
      types: "npm run clients -- remove shop",
      so: "lets the client open no connection, and leaves it the one that it has",
      async shows({ guests }) {
        await guests().newcomerIsRefused("shop", notAdmitted);
        await guests().areAnswered("shop", "stays");
      },
    },
  ],
};

export const rotation: Chapter = {
  guide: "docs/keys.md",
  heading: "Another key for the brokers",
  steps: [
    { types: "npm run rotate", so: "says what is due", shows: (_, printed) => expect(printed).toContain("Due: npm run rotate -- next") },
    {
      types: "npm run rotate -- next",
      so: "gives every broker both keys; till gets them, too, and shop does not",
      before: async (cast) => void (podsBefore = await pods(cast)),
      async shows(cast, printed) {
        expect(printed).toMatch(everyBrokerHasThem);
        const old = serverKeys(inFile(cast, "shop.keys"));
        expect(serverKeys(await handOver(cast, "till"))).toEqual([...old, expect.any(String)]);
        await cast.guests().areAnswered("till", "stays", "comesAnew");
        expect(await plainWithTheSecond(cast, inFile(cast, "till.keys"))).toBe("hello");
      },
    },
    {
      types: "npm run rotate -- promote",
      so: "names the new key first, and the old one still opens",
      async shows(cast, printed) {
        expect(printed).toMatch(everyBrokerHasThem);
        expect((await outputs(cast))["serverKeys"]).toEqual(serverKeys(inFile(cast, "till.keys")).reverse());
        await cast.guests().areAnswered("shop", "stays", "comesAnew");
        await cast.guests().areAnswered("till", "stays", "comesAnew");
      },
    },
    {
      types: "npm run rotate -- finish",
      so: "turns away who has only the old key, though not its connection; who has both never noticed, and no pod was replaced",
      async shows(cast, printed) {
        expect(printed).toContain("The old key opens no more.");
        await cast.guests().newcomerIsRefused("shop", "does not have the server key that this side expects");
        await cast.guests().areAnswered("shop", "stays");
        await cast.guests().areAnswered("till", "stays", "comesAnew");
        expect(await plainWithTheSecond(cast, inFile(cast, "till.keys"))).toBe("hello");
        expect(await pods(cast)).toEqual(podsBefore);
      },
    },
  ],
};
