/** The worker's program: serves SERVICE with the module HANDLER. Settings: contract/environment.ts and, by default, /app/config/worker.conf. */
import { environment } from "../contract/environment.ts";
import { workerMetrics, workerOutcomes } from "../contract/metrics.ts";
import { serveHttp } from "../process/http.ts";
import { createLog, moduleLog } from "../process/log.ts";
import { followLogLevel } from "../process/log-level.ts";
import { createInstruments, createRegistry } from "../process/metrics.ts";
import { bindProblem, runProgram, stopOnSignal } from "../process/program.ts";
import { loadHandler } from "./load-handler.ts";
import { readWorkerSettings, workerSource } from "./settings.ts";
import { worker } from "./worker.ts";
import type { RunningWorker } from "./worker.ts";

await runProgram(async () => {
  const source = workerSource();
  const settings = readWorkerSettings(source);
  const handler = await loadHandler(settings.handler);
  const { service, workerId } = settings;
  const log = createLog({ logger: "zeromq.worker", level: settings.logLevel, fields: { service, worker: workerId }, errorMessages: settings.logErrorMessages });
  const main = moduleLog(log, "main");
  followLogLevel(log, settings.logLevel, source);
  let running: RunningWorker | undefined;
  let terminating = false;

  const registry = createRegistry({ service });
  const instruments = createInstruments(workerMetrics, registry, {
    running: (gauge) => gauge.set(running?.holding ?? 0),
    brokers: (gauge) => gauge.set(running?.brokers ?? 0),
  });
  for (const outcome of workerOutcomes) instruments.requests.inc({ outcome }, 0);

  const notReady = (): string | undefined => {
    if (terminating) return "terminating";
    return running === undefined || running.brokers === 0 ? `not connected to a broker at ${settings.brokers.join(", ")}` : undefined;
  };
  const http = await serveHttp({ port: settings.metricsPort, exposition: registry, notReady }).catch((error: unknown) => {
    throw bindProblem(`port ${settings.metricsPort}`, environment.metricsPort.name, error);
  });

  running = worker(service, handler, {
    ...settings,
    log: moduleLog(log, "worker"),
    onOutcome(outcome, milliseconds) {
      instruments.requests.inc({ outcome });
      if (milliseconds !== undefined) instruments.handlerSeconds.observe(milliseconds / 1000);
    },
  });
  const started = running;

  stopOnSignal(log, settings.sendTimeoutMs, async (signal) => {
    terminating = true;
    main.info({ signal, holding: started.holding }, "terminating: finishing what it holds");
    const graceMs = settings.shutdownGraceMs - Math.min(settings.sendTimeoutMs, settings.shutdownGraceMs / 2);
    const finished = await started.stop(graceMs);
    if (!finished) main.warn({ holding: started.holding }, "the grace period ended with requests unfinished");
    await http.close();
    main.info("stopped");
  });
  main.info({ handler: settings.handler, brokers: settings.brokers, concurrency: settings.concurrency, metricsPort: http.port }, "started");
});
