import { environment, type Variable } from "../../services/contract/environment.ts";

/** The variables of a worker that follow from other settings. */
export const reservedWorkerVariables: readonly string[] = [
  environment.brokerAddress,
  environment.configFile,
  environment.curvePeerFile,
  environment.curvePublicKey,
  environment.curveSecretKey,
  environment.curveServerKey,
  environment.handler,
  environment.heartbeatIntervalSeconds,
  environment.heartbeatLiveness,
  environment.metricsPort,
  environment.retryAttempts,
  environment.service,
  environment.shutdownGraceSeconds,
  environment.workerTimeoutSeconds,
].map(({ name }) => name);

/** The variables of a worker's process that a service may set for itself. */
const free: readonly Variable[] = [
  environment.logErrorMessages,
  environment.logLevel,
  environment.maxMessageBytes,
  environment.receiveTimeoutMs,
  environment.sendTimeoutMs,
  environment.workerConcurrency,
  environment.workerId,
];

/** What a worker's process allows where it would not start with this value of a variable. */
export function allowedInstead(name: string, value: string): string | undefined {
  const variable = free.find((one) => one.name === name);
  // A process takes an empty variable for one that is not set.
  if (!variable || value === "") return undefined;
  const { range, words, longest } = variable;
  const given = value.trim();
  if (range && !(/^\d+$/.test(given) && Number(given) >= range[0] && Number(given) <= range[1])) {
    return `a whole number from ${range[0]} to ${range[1]}`;
  }
  if (words && !words.includes(given.toUpperCase())) return words.join(" or ");
  return longest !== undefined && given.length > longest ? `at most ${longest} characters` : undefined;
}
