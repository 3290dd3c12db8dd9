import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { createClient } from "../../services/client/client.ts";
import { createKeyPair } from "../../services/transport/curve-keys.ts";
import { python } from "./python.ts";
import { atEnd, folder, metricIs, startBroker, startWorker } from "./processes.ts";

let interpreter: string;
beforeAll(() => void (interpreter = python()), 300_000);

function run(code: string, args: readonly string[], input = ""): Promise<string> {
  const path = join(folder(), "peer.py");
  writeFileSync(path, code);
  const child = spawn(interpreter, [path, ...args], { stdio: ["pipe", "pipe", "pipe"] });
  atEnd(() => child.kill("SIGKILL"));
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stdin.end(input);
  return new Promise((resolve) => child.once("close", () => resolve(output)));
}

const majortomoClient = `
import sys
from majortomo import Client
with Client(broker_url=sys.argv[1]) as client:
    for index in range(200):
        body = b"request %d" % index
        client.send(b"echo", body, b"second frame")
        # It gives the reply's service frame as the first of the list.
        assert client.recv_all_as_list(timeout=10.0) == [b"echo", body + b"second frame"]
    print("all answered")
`;
const majortomoWorker = `
import sys
from majortomo import Worker
with Worker(sys.argv[1], b"shout", heartbeat_interval=0.3, heartbeat_timeout=5) as worker:
    while True:
        client, frames = worker.wait_for_request()
        if frames[0] == b"parts":
            worker.send_reply_partial(client, [b"one "])
            worker.send_reply_partial(client, [b"two "])
        worker.send_reply_final(client, [b"".join(frames).upper()])
`;

test("a client that we did not write, and our worker", async () => {
  const broker = await startBroker();
  await startWorker([broker], { SERVICE: "echo" });
  expect(await run(majortomoClient, [broker.frontend])).toBe("all answered\n");
});

test("a worker that we did not write, with parts, and our client", async () => {
  const broker = await startBroker();
  void run(majortomoWorker, [broker.backend]);
  const client = createClient({ endpoints: [broker.frontend] });
  atEnd(() => client.close());
  expect((await client.request("shout", "hello", { timeoutMs: 20_000 })).toString()).toBe("HELLO");
  const parts: string[] = [];
  for await (const part of client.stream("shout", "parts", { timeoutMs: 20_000 })) parts.push(part.toString());
  expect(parts.join("")).toBe("one two PARTS");
  const bodies = Array.from({ length: 300 }, (_, index) => `body ${index}`);
  expect((await Promise.all(bodies.map((body) => client.request("shout", body, { timeoutMs: 20_000 })))).map(String)).toEqual(
    bodies.map((body) => body.toUpperCase()),
  );
});

test("the specification's recipe works as it is printed, client and worker, with CURVE", async () => {
  const recipe = /```python\n([^]*?)```/.exec(readFileSync(join(import.meta.dirname, "../../services/majordomo/SPEC.md"), "utf8"))![1]!;
  const [server, client, worker] = [createKeyPair(), createKeyPair(), createKeyPair()];
  const path = folder();
  writeFileSync(join(path, "clients"), `${client.publicKey} python-client\n`);
  writeFileSync(join(path, "workers"), `${worker.publicKey} python-worker shout\n`);
  const broker = await startBroker({
    CURVE_PUBLIC_KEY: server.publicKey,
    CURVE_SECRET_KEY: server.secretKey,
    CURVE_CLIENT_KEYS_FILE: join(path, "clients"),
    CURVE_WORKER_KEYS_FILE: join(path, "workers"),
  });
  void run(recipe, ["worker", broker.backend, server.publicKey, worker.publicKey, worker.secretKey]);
  await metricIs(broker.ports.metrics, 'zeromq_known{kind="workers"', 1);
  expect(await run(recipe, ["client", broker.frontend, server.publicKey, client.publicKey, client.secretKey], "said with CURVE")).toBe("SAID WITH CURVE\n");
});
