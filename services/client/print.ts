import type { Status } from "../broker/status.ts";
import type { Found } from "./every-broker.ts";
import type { Report } from "./ledger.ts";

/** Rows as columns that stand under each other. */
function columns(rows: readonly (readonly (string | number)[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => String(row[column]).length)));
  return rows
    .map((row) => row.map((cell, column) => (column === 0 ? String(cell).padEnd(widths[column]!) : String(cell).padStart(widths[column]!))).join("  "))
    .join("\n");
}

export function statusText(status: Status): string {
  const { version, instance, color, role, uptimeSeconds, connections, waiting, held, bytes, clients, workers, serverKeys, services, servicesInAll } = status;
  const head = [
    `broker ${instance}, version ${version}, ${color}, ${role}, up ${uptimeSeconds} s`,
    `connections: ${connections.frontend} frontend, ${connections.backend} backend; ${clients} clients, ${workers} workers`,
    `requests: ${waiting} waiting, ${held} held, ${bytes} bytes`,
  ];
  const keys = serverKeys.map(
    ({ publicKey, accepted, frontend, backend }) =>
      `server key ${publicKey.slice(0, 8)}…${accepted ? "" : ", no longer accepted"}: ${frontend} frontend, ${backend} backend`,
  );
  head.push(...keys);
  if (services.length === 0) return `${head.join("\n")}\nno service is known\n`;
  const rows = [
    ["SERVICE", "WAITING", "HELD", "WORKERS", "CREDIT", "OLDEST (S)"],
    ...services.map((one) => [one.name, one.waiting, one.held, one.workers, one.credit, one.oldestSeconds]),
  ];
  const rest = servicesInAll > services.length ? `and ${servicesInAll - services.length} more\n` : "";
  return `${head.join("\n")}\n\n${columns(rows)}\n${rest}`;
}

/** A line a broker. */
export function brokersText(found: readonly Found[]): string {
  if (found.length === 0) return "no broker is behind that name\n";
  const head = ["COLOR", "ROLE", "VERSION", "ADDRESS", "UP (S)", "OURS", "PLAIN", "WORKERS", "WAITING", "HELD"];
  const rows = found.map(({ endpoint, status }) => {
    const address = endpoint.replace("tcp://", "");
    if (status === undefined) return ["?", "does not answer", "", address, "", "", "", "", "", ""];
    const { color, role, version, uptimeSeconds, connectedClients, workers, waiting, held } = status;
    return [color, role, version, address, uptimeSeconds, connectedClients.ours, connectedClients.plain, workers, waiting, held];
  });
  return `${columns([head, ...rows])}\n`;
}

export function reportText(report: Report): string {
  const { sent, replied, failed, duplicated, wrong, seconds, requestsPerSecond, latencyMs, executions, wronglyNo } = report;
  const rows: [string, string | number][] = [
    ["sent", sent],
    ["replied", replied],
    ...Object.entries(failed).map(([name, count]): [string, number] => [`failed: ${name}`, count]),
    ["duplicated outcomes", duplicated],
    ["wrong replies", wrong],
    ...Object.entries(executions ?? {}).map(([times, count]): [string, number] => [`run ${times} times`, count]),
    ...(wronglyNo === undefined ? [] : [["run though executed: no", wronglyNo] as [string, number]]),
    ["seconds", seconds.toFixed(2)],
    ["requests/s", Math.round(requestsPerSecond)],
    ...Object.entries(latencyMs).map(([name, value]): [string, string] => [`latency ${name} (ms)`, value.toFixed(3)]),
  ];
  return `${columns(rows)}\n`;
}
