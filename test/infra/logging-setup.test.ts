import { spawn } from "node:child_process";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, describe, expect, it } from "vitest";

/** A server that keeps what it was asked and answers each time with a status. */
const asked: { method: string | undefined; url: string | undefined; headers: IncomingMessage["headers"]; body: string }[] = [];
let statuses: number[] = [];
const server = createServer(async (request, response) => {
  asked.push({ method: request.method, url: request.url, headers: request.headers, body: await text(request) });
  response.writeHead(statuses.shift() ?? 200).end("said by the server");
});
afterEach(() => {
  asked.length = 0;
  server.close();
});

async function setup(...bodies: unknown[]): Promise<{ code: number | null; errors: string }> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/there`;
  const calls = bodies.map((body) => JSON.stringify({ method: "PUT", url, body }));
  const child = spawn(process.execPath, [join(import.meta.dirname, "../../monitoring/elasticsearch/setup.ts"), ...calls], {
    env: { SETUP_USER: "admin", SETUP_PASSWORD: "hunter2" },
  });
  const errors = text(child.stderr);
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { code, errors: await errors };
}

describe("the setup's program", () => {
  it("makes its calls in their order, logged in", async () => {
    expect(await setup({ one: 1 }, { two: 2 })).toMatchObject({ code: 0 });
    expect(asked.map(({ method, url, body }) => [method, url, JSON.parse(body)])).toEqual([
      ["PUT", "/there", { one: 1 }],
      ["PUT", "/there", { two: 2 }],
    ]);
    expect(asked[0]!.headers).toMatchObject({
      authorization: `Basic ${Buffer.from("admin:hunter2").toString("base64")}`,
      "content-type": "application/json",
      "kbn-xsrf": "true",
    });
  });

  it("ends at the first that is refused, with what the server says, so that the update fails", async () => {
    statuses = [400];
    const { code, errors } = await setup({ one: 1 }, { two: 2 });
    expect(code).toBe(1);
    expect(errors).toMatch(/PUT http.*\/there: 400 said by the server/);
    expect(errors).not.toContain("hunter2");
    expect(asked).toHaveLength(1);
  });
});
