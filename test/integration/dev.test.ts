import { spawn } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { atEnd, folder, start, waiting } from "./processes.ts";

test("npm run dev serves the handlers of a folder, and follows their files", async () => {
  const handlers = folder();
  const file = join(handlers, "shout.ts");
  writeFileSync(file, `export const handler = (body: Buffer) => body.toString().toUpperCase();`);
  const dev = spawn(process.execPath, [join(import.meta.dirname, "../../dev/main.ts"), handlers], {
    env: { ...process.env, COLOR: "0" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  atEnd(() => dev.kill("SIGTERM"));
  let output = "";
  for (const stream of [dev.stdout, dev.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const said = (text: string | RegExp): Promise<void> => vi.waitFor(() => expect(output).toMatch(text), waiting);
  const ended = new Promise((resolve) => dev.once("exit", resolve));

  await said("look:");
  const endpoint = /clients (tcp:\/\/localhost:\d+)/.exec(output)![1]!;
  const ask = async (service = "shout"): Promise<string> => {
    const client = start("client", {}, ["request", "--service", service, "--body", "Hello", "--address", endpoint, "--timeout-ms", "10000"]);
    await client.exit;
    return client.output().toString() + client.errors();
  };
  expect(await ask()).toBe("HELLO");

  writeFileSync(file, `export const handler = (body: Buffer) => body.toString().toLowerCase();`);
  await said("shout: replaced");
  expect(await ask()).toBe("hello");

  writeFileSync(file, `export const handler = (`);
  await said(/shout: the old one goes on: .*SyntaxError/s);
  expect(await ask()).toBe("hello");

  writeFileSync(join(handlers, "twice.js"), `export const handler = (body) => body + String(body);`);
  await said("twice: served");
  expect(await ask("twice")).toBe("HelloHello");

  writeFileSync(join(handlers, "broken.js"), `export const handler = (body) => { throw new TypeError("cannot take " + body); };`);
  await said("broken: served");
  await ask("broken");
  await said(/broken: handler failed \(request [0-9a-f]{16}-1\)\s+TypeError: cannot take Hello\s+at handler/);

  rmSync(file);
  await said("shout: no longer served");
  dev.kill("SIGINT");
  expect(await ended).toBe(0);
});
