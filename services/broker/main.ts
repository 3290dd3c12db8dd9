/** The broker's program. Settings: contract/environment.ts and, by default, /app/config/broker.conf. */
import { environment } from "../contract/environment.ts";
import { serveHttp } from "../process/http.ts";
import { createLog, moduleLog } from "../process/log.ts";
import { bindProblem, runProgram, stopOnSignal } from "../process/program.ts";
import { BindError } from "../transport/router.ts";
import { startBroker } from "./broker.ts";
import { drained } from "./drain.ts";
import { createMeasures } from "./measures.ts";
import { readBrokerSettings } from "./settings.ts";
import type { BrokerSettings } from "./settings.ts";

await runProgram(async () => {
  const settings = readBrokerSettings();
  const log = createLog({ logger: "zeromq.broker", level: settings.logLevel, fields: { color: settings.color } });
  const main = moduleLog(log, "main");
  let notReady: string | undefined = "starting";
  let backlog = (): { waiting: number; held: number } => ({ waiting: 0, held: 0 });

  const measures = createMeasures(settings.color, () => backlog());
  const http = await serveHttp({ port: settings.metricsPort, registry: measures.registry, notReady: () => notReady }).catch((error: unknown) => {
    throw bindProblem(`port ${settings.metricsPort}`, environment.metricsPort.name, error);
  });
  const broker = await startBroker(settings, measures, moduleLog(log, "broker")).catch((error: unknown) => {
    throw error instanceof BindError ? bindProblem(error.endpoint, variablesOf(error.endpoint, settings), error) : error;
  });
  backlog = () => broker.core;

  stopOnSignal(log, settings.sendTimeoutMs, async (signal) => {
    notReady = "terminating";
    main.info({ signal, waiting: broker.core.waiting, held: broker.core.held }, "terminating: finishing what was accepted");
    const graceMs = settings.shutdownGraceMs - Math.min(settings.sendTimeoutMs, settings.shutdownGraceMs / 2);
    const finished = await drained(() => broker.core.waiting + broker.core.held, graceMs);
    if (!finished) main.warn({ waiting: broker.core.waiting, held: broker.core.held }, "the grace period ended with requests unfinished");
    broker.close();
    await http.close();
    main.info("stopped");
  });

  notReady = undefined;
  main.warn("connections are plain text: whoever reaches the ports can read and send");
  main.info({ frontend: settings.frontend, backend: settings.backend, metricsPort: http.port }, "ready");
});

function variablesOf(endpoint: string, settings: BrokerSettings): string {
  const { frontendAddress, frontendPort, backendAddress, backendPort } = environment;
  const both = [
    ...(endpoint === settings.frontend ? [`${frontendAddress.name} or ${frontendPort.name}`] : []),
    ...(endpoint === settings.backend ? [`${backendAddress.name} or ${backendPort.name}`] : []),
  ];
  return both.join(", or ");
}
