import { Request } from "zeromq";
import { limits } from "./limits.ts";

/**
 * Asks a broker's frontend whether it answers, as the seed does: a REQ socket sends `PING` and waits for `PONG`.
 * @returns nothing where all is well, else the reason in words.
 */
export async function ping(endpoint: string, timeoutMs: number): Promise<string | undefined> {
  const socket = new Request({
    sendTimeout: timeoutMs,
    receiveTimeout: timeoutMs,
    linger: 0,
    connectTimeout: Math.min(timeoutMs, limits.connectTimeoutMs),
    maxMessageSize: 1024,
  });
  try {
    socket.connect(endpoint);
    await socket.send("PING");
    const [reply] = await socket.receive();
    return reply?.toString() === "PONG" ? undefined : "the answer was not PONG";
  } catch (error) {
    const { code, message } = error as Error & { code?: string };
    return code === "EAGAIN" ? `no answer from ${endpoint} within ${timeoutMs} ms` : message;
  } finally {
    socket.close();
  }
}
