// Part of the stand-ins for Pulumi plugins. A plugin's process: a gRPC server that prints its port, and the engine's log.

import grpc from "@grpc/grpc-js";
import engineService from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import engineMessages from "@pulumi/pulumi/proto/engine_pb.js";

const unlimited = { "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 };

export const engineAddress = process.argv.slice(2).findLast((argument) => !argument.startsWith("-")) ?? "";
const engine = new engineService.EngineClient(engineAddress, grpc.credentials.createInsecure(), unlimited);

export type Severity = "DEBUG" | "INFO" | "WARNING" | "ERROR";

/** A line under the resource in `pulumi up`; an ephemeral one is only its current status. */
export function log(severity: Severity, urn: string, message: string, ephemeral = false): void {
  const line = new engineMessages.LogRequest();
  engine.log(line.setSeverity(engineMessages.LogSeverity[severity]).setUrn(urn).setMessage(message).setEphemeral(ephemeral), () => {});
}

/** A method that answers once, and whose failure is told as the engine tells it. */
export function unary<Request, Response>(method: (request: Request, call: any) => Response | Promise<Response>) {
  return async (call: any, callback: any) => {
    try {
      callback(null, await method(call.request, call));
    } catch (error) {
      const { message, metadata } = error as Error & { metadata?: grpc.Metadata };
      callback({ code: grpc.status.UNKNOWN, details: message, metadata });
    }
  };
}

export async function serve(service: grpc.ServiceDefinition, methods: grpc.UntypedServiceImplementation): Promise<void> {
  const server = new grpc.Server(unlimited);
  server.addService(service, methods);
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => (error ? reject(error) : resolve(port))),
  );
  process.on("SIGINT", () => process.exit()); // from the engine: a plugin is in a process group that no terminal's Ctrl-C reaches
  const engineProcess = process.ppid;
  setInterval(() => process.ppid === engineProcess || process.exit(), 1000).unref(); // the engine was killed
  process.stdout.write(`${port}\n`);
}
