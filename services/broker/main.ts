/** The broker's program. Settings: contract/environment.ts and, by default, /app/config/broker.conf. */
import { environment } from "../contract/environment.ts";
import { serveHttp } from "../process/http.ts";
import { createLog, moduleLog } from "../process/log.ts";
import { followLogLevel } from "../process/log-level.ts";
import { bindProblem, runProgram, stopOnSignal } from "../process/program.ts";
import { BindError } from "../transport/bind-error.ts";
import { startBroker } from "./broker.ts";
import type { RunningBroker } from "./broker.ts";
import { drain } from "./drain.ts";
import { createMeasures } from "./measures.ts";
import { watchActiveColor } from "./role.ts";
import { brokerSource, readBrokerSettings } from "./settings.ts";
import { createSecurity } from "./security.ts";
import type { BrokerSettings } from "./settings.ts";

await runProgram(async () => {
  const source = brokerSource();
  const settings = readBrokerSettings(source);
  const log = createLog({ logger: "zeromq.broker", level: settings.logLevel, fields: { color: settings.color } });
  const main = moduleLog(log, "main");
  followLogLevel(log, settings.logLevel, source);
  let notReady: string | undefined = "starting";
  let broker: RunningBroker | undefined;

  const { security, keysCreated } = createSecurity(settings.curve, main);
  const measures = createMeasures(settings, () => broker?.core, keysCreated);
  const http = await serveHttp({
    port: settings.metricsPort,
    exposition: measures.exposition,
    notReady: () => notReady,
    drain: () => process.kill(process.pid, "SIGTERM"),
  }).catch((error: unknown) => {
    throw bindProblem(`port ${settings.metricsPort}`, environment.metricsPort.name, error);
  });
  const running = await startBroker(settings, security, measures, moduleLog(log, "broker")).catch((error: unknown) => {
    throw error instanceof BindError ? bindProblem(error.endpoint, variablesOf(error.endpoint, settings), error) : error;
  });
  broker = running;
  const { core } = running;

  if (settings.activeColorFile !== undefined) {
    const onColor = (active: string): void => {
      core.setRole(active === settings.color ? "active" : "standby");
      main.info({ role: core.role, active }, "role");
    };
    watchActiveColor(settings.activeColorFile, onColor, (problem) => main.warn({ problem }, "which colour is active is not known: staying as it is"));
  }

  stopOnSignal(log, settings.sendTimeoutMs, async (signal) => {
    notReady = "terminating";
    main.info({ signal, waiting: core.waiting, held: core.held }, "terminating: finishing what was accepted");
    const lingerMs = Math.min(settings.sendTimeoutMs, settings.shutdownGraceMs / 2);
    const finished = await drain(core, { graceMs: settings.shutdownGraceMs - lingerMs, clients: () => measures.connections.frontend });
    if (!finished) main.warn({ waiting: core.waiting, held: core.held }, "the grace period ended with requests unfinished: handed back as draining");
    await running.close(lingerMs);
    await http.close();
    main.info("stopped");
  });

  notReady = undefined;
  if (settings.curve === undefined) main.warn("connections are plain text: whoever reaches the ports can read and send");
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
