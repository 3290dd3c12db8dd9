import type { Status } from "../broker/status.ts";
import { resolveEndpoint } from "../transport/resolve.ts";
import { createClient } from "./client.ts";
import type { ClientOptions } from "./client.ts";

type Curve = ClientOptions["curve"];

/** One address of a name, and what the broker there says of itself, or why it says nothing. */
export interface Found {
  readonly endpoint: string;
  readonly status: Status | undefined;
  readonly problem: string | undefined;
}

/** The address of every broker that is behind a name; none where nothing has that name. @throws the resolver's other errors */
export async function addressesOf(endpoint: string): Promise<string[]> {
  try {
    return await resolveEndpoint(endpoint);
  } catch (error) {
    // A headless Service without a pod has no address: with some name servers no name either.
    if (["ENOTFOUND", "ENODATA"].includes((error as NodeJS.ErrnoException).code ?? "")) return [];
    throw error;
  }
}

/** Asks one broker for its state on a connection of its own, which is closed again. */
export async function stateOf(endpoint: string, curve: Curve, timeoutMs: number): Promise<Found> {
  const client = createClient({ endpoints: [endpoint], curve });
  try {
    return { endpoint, status: (await client.status(timeoutMs)) as Status, problem: undefined };
  } catch (error) {
    return { endpoint, status: undefined, problem: (error as Error).message };
  } finally {
    client.close();
  }
}

/** The state of every broker behind the names, in the order of colours and addresses. */
export async function everyBroker(endpoints: readonly string[], curve: Curve, timeoutMs: number): Promise<Found[]> {
  const all = [...new Set((await Promise.all(endpoints.map(addressesOf))).flat())];
  const found = await Promise.all(all.map((endpoint) => stateOf(endpoint, curve, timeoutMs)));
  const key = ({ endpoint, status }: Found): string => `${status?.color ?? "~"} ${endpoint}`;
  return found.sort((one, other) => (key(one) < key(other) ? -1 : 1));
}
