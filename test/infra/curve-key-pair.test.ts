import * as zeromq from "zeromq";
import { describe, expect, it } from "vitest";
import { curveKeyPair } from "../../infra/keys/curveKeyPair.ts";
import { z85 } from "../../infra/keys/z85.ts";

// The library of the services, whose idea of a key pair is the one that counts.

describe("Z85", () => {
  it("writes the example of ZeroMQ's RFC 32", () => {
    expect(z85(Uint8Array.from([0x86, 0x4f, 0xd2, 0x6f, 0xb5, 0x59, 0xf7, 0x5b]))).toBe("HelloWorld");
  });

  it("writes the greatest and the least word", () => {
    expect(z85(Uint8Array.from([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]))).toBe("%nSc000000");
  });

  it("refuses what it cannot write whole", () => {
    expect(() => z85(new Uint8Array(5))).toThrow("multiples of 4 bytes, not 5");
  });
});

describe("a CURVE key pair", () => {
  it("is the one that ZeroMQ's manual shows for a secret key", () => {
    const secretKey = Buffer.from("7bb864b489afa3671fbe69101f94b38972f24816dfb01b51656b3fec8dfd0888", "hex");
    expect(curveKeyPair(secretKey)).toEqual({
      publicKey: "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID",
      secretKey: "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs",
    });
  });

  it("is new each time, 40 characters a key", () => {
    const one = curveKeyPair();
    expect(curveKeyPair().secretKey).not.toBe(one.secretKey);
    expect([one.publicKey.length, one.secretKey.length]).toEqual([40, 40]);
  });

  it("opens a connection between two sockets, where another pair does not", async () => {
    const [serverPair, clientPair] = [curveKeyPair(), curveKeyPair()];
    const server = new zeromq.Reply({ curveServer: true, curveSecretKey: serverPair.secretKey, linger: 0 });
    await server.bind("tcp://127.0.0.1:*");
    const ask = async (serverKey: string) => {
      const client = new zeromq.Request({
        curveServerKey: serverKey,
        curvePublicKey: clientPair.publicKey,
        curveSecretKey: clientPair.secretKey,
        receiveTimeout: 1000,
        linger: 0,
      });
      client.connect(server.lastEndpoint ?? "");
      await client.send("PING");
      return client
        .receive()
        .then(String, () => "silence")
        .finally(() => client.close());
    };
    void (async () => {
      for await (const [message] of server) await server.send(`${message} over CURVE`);
    })();

    expect(await ask(serverPair.publicKey)).toBe("PING over CURVE");
    expect(await ask(clientPair.publicKey)).toBe("silence");
    server.close();
  });
});
