/** A worker's process: `worker.ts SYSTEM ENDPOINTS-AS-JSON`. */
import { openWorker } from "./peers.ts";
import type { Endpoints, System } from "./peers.ts";

await openWorker(process.argv[2] as System, JSON.parse(process.argv[3]!) as Endpoints);
process.stdout.write("ready\n");
