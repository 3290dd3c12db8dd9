import { createHash } from "node:crypto";

let inside = 0;
const waiting: (() => void)[] = [];

/** Says what its environment holds, once as many requests are here at the same time as each of them says. */
export async function handler(body: Buffer): Promise<string> {
  inside += 1;
  if (inside >= Number(body)) for (const goOn of waiting.splice(0)) goOn();
  else await new Promise<void>((resolve) => waiting.push(resolve));
  inside -= 1;
  const { DATABASE_HOST, DATABASE_PASSWORD } = process.env;
  return JSON.stringify({ host: DATABASE_HOST, password: createHash("sha256").update(String(DATABASE_PASSWORD)).digest("hex") });
}
