import { createServer, request } from "node:https";
import type { AddressInfo } from "node:net";
import { randomBytes, X509Certificate } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type ServingCertificate, servingCertificate } from "../../infra/keys/servingCertificate.ts";

vi.mock("node:crypto", async (original) => {
  const genuine = await original<typeof import("node:crypto")>();
  return { ...genuine, randomBytes: vi.fn(genuine.randomBytes) };
});

const host = "metrics-server.zeromq.svc";
const day = 86_400_000;
let own: ServingCertificate;
let other: ServingCertificate;
beforeAll(async () => void ([own, other] = await Promise.all([servingCertificate(host), servingCertificate(host)])));

describe("a serving certificate", () => {
  const server = createServer({}, (_, response) => response.end("served"));
  let port = 0;
  beforeAll(async () => {
    server.setSecureContext({ cert: own.certificate, key: own.privateKey });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    ({ port } = server.address() as AddressInfo);
  });
  afterAll(() => server.close());

  /** What a client gets that trusts one certificate and asks for one name. */
  const ask = (authority: string, servername: string): Promise<string> =>
    new Promise((resolve) => {
      const asked = request({ host: "127.0.0.1", port, servername, ca: authority, agent: false }, (response) => {
        response.setEncoding("utf8").on("data", resolve);
      });
      asked.on("error", ({ message }) => resolve(message)).end();
    });

  it("serves who trusts it and asks for its name", async () => expect(await ask(own.certificate, host)).toBe("served"));
  it("is refused under another name", async () => expect(await ask(own.certificate, "prometheus-adapter.zeromq.svc")).toMatch(/does not match certificate/));
  it("is refused by who trusts another one for the same name", async () => expect(await ask(other.certificate, host)).toMatch(/self-signed certificate/));

  it("is good for ten years, from before now: clocks differ", () => {
    const { validFromDate, validToDate } = new X509Certificate(own.certificate);
    expect(validFromDate.getTime()).toBeLessThan(Date.now());
    expect((validToDate.getTime() - Date.now()) / day / 365.25).toBeCloseTo(10, 1);
  });

  it.each([0x00, 0x01, 0x7f, 0x80, 0xff])("can be read whatever number is drawn for it: bytes of %i", async (byte) => {
    vi.mocked(randomBytes).mockImplementationOnce((size: number) => Buffer.alloc(size, byte));
    const { serialNumber } = new X509Certificate((await servingCertificate(host)).certificate);
    expect(serialNumber).toBe(`01${Buffer.alloc(16, byte).toString("hex").toUpperCase()}`);
  });

  it("is for serving, and signs nothing", () => {
    const { ca, keyUsage } = new X509Certificate(own.certificate);
    expect([ca, keyUsage]).toEqual([false, ["1.3.6.1.5.5.7.3.1"]]);
  });
});
