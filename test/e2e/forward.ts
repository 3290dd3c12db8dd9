import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { KubeConfig, PortForward } from "@kubernetes/client-node";
import type { TestStack } from "./stack.ts";

export interface Forward {
  /** Where the pod's port is on this machine. */
  readonly url: string;
  close(): void;
}

/** A pod's port on this machine's loopback, through the API server, as `kubectl port-forward` does it. */
export async function forward({ context, namespace }: TestStack, pod: string, port: number): Promise<Forward> {
  const config = new KubeConfig();
  config.loadFromDefault();
  config.setCurrentContext(context);
  const through = new PortForward(config);
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on("error", () => socket.destroy()).on("close", () => open.delete(socket));
    through.portForward(namespace, pod, [port], socket, null, socket).then(
      (webSocket) => {
        if (typeof webSocket === "function") return;
        webSocket.onclose = () => socket.destroy();
        socket.on("close", () => webSocket.close());
      },
      () => socket.destroy(), // the pod is not there: whoever asks is refused
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}
