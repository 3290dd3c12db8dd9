import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { httpPaths } from "../contract/ports.ts";

/** What a scrape is answered with; a registry of prom-client is one. */
export interface Exposition {
  readonly contentType: string;
  metrics(): Promise<string>;
}

export interface HttpOptions {
  /** TCP port; 0 lets the system choose. */
  port: number;
  exposition: Exposition;
  /** Why no new traffic may be sent here, or nothing where it may. */
  notReady(): string | undefined;
  /** Begins to end the process; absent where it cannot be asked to. */
  drain?(): void;
}

export interface HttpEndpoint {
  readonly port: number;
  close(): Promise<void>;
}

/** Serves the probes and the metrics. @throws the system's error (EADDRINUSE, EACCES) if the port cannot be bound. */
export async function serveHttp({ port, exposition, notReady, drain }: HttpOptions): Promise<HttpEndpoint> {
  const server = createServer((request, response) => {
    const answer = (status: number, body: string, type = "text/plain; charset=utf-8"): void => {
      response.writeHead(status, { "content-type": type }).end(request.method === "HEAD" ? undefined : body);
    };
    if (drain !== undefined && request.url === httpPaths.drain && request.method === "POST") {
      // The port is open to whoever scrapes; who is on the host could send a signal just as well.
      if (!/^(::1|::ffff:127\..*|127\..*)$/.test(request.socket.remoteAddress ?? "")) return answer(403, "from this host only\n");
      drain();
      return answer(202, "draining\n");
    }
    if (request.method !== "GET" && request.method !== "HEAD") return answer(405, "only GET and HEAD\n");
    switch (request.url?.split("?")[0]) {
      case httpPaths.live:
        return answer(200, "alive\n");
      case httpPaths.ready: {
        const reason = notReady();
        return reason === undefined ? answer(200, "ready\n") : answer(503, `${reason}\n`);
      }
      case httpPaths.metrics:
        exposition.metrics().then(
          (text) => answer(200, text, exposition.contentType),
          (error: Error) => answer(500, `${error.message}\n`),
        );
        return;
      default:
        return answer(404, `one of ${Object.values(httpPaths).join(", ")}\n`);
    }
  });
  server.requestTimeout = 10_000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
