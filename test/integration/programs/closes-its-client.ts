/** Sends what it can to the endpoint given, closes its client, and must then end by itself. */
import { createClient } from "../../../services/client/client.ts";
import { RequestError } from "../../../services/client/errors.ts";

const client = createClient({ endpoints: [process.argv[2]!] });
const outcomes = ["echo", "nobody"].map((service) =>
  client.request(service, service, { timeoutMs: 60_000 }).then(
    (reply) => reply.toString(),
    (error: unknown) => (error instanceof RequestError ? `${error.name}, executed: ${error.executed}` : String(error)),
  ),
);
await outcomes[0];
client.close();
outcomes.push(client.request("echo", "after the end").then(String, (error: Error) => error.name));
console.log((await Promise.all(outcomes)).join("\n"));
