import { monitoringNames, monitoringPorts } from "../../monitoring/names.ts";
import type { Archive, NewArchive } from "../archive.ts";
import type { Outputs } from "../stack.ts";
import { asked, forwarded, settled, statefulSet } from "./cluster.ts";

const file = "silences.json";
const name = monitoringNames.alertmanager;

/** As Alertmanager's API has it; what is not named here is kept as it is. */
export interface Silence {
  readonly id?: string;
  readonly status?: { readonly state: "active" | "pending" | "expired" };
  readonly updatedAt?: string;
  readonly matchers: readonly object[];
  readonly startsAt: string;
  readonly endsAt: string;
  readonly createdBy: string;
  readonly comment: string;
}

/**
 * Alertmanager writes its silences down each quarter of an hour, so its files are older than what it knows: it is asked instead.
 * @returns what there is to say of it
 */
export async function backUpSilences(outputs: Outputs, archive: NewArchive): Promise<string> {
  if ((await statefulSet(outputs, name)) === undefined) return "the stack has no Alertmanager";
  const silences = (await withApi(outputs, all)).filter(({ status }) => status?.state !== "expired");
  await archive.add(file, `${JSON.stringify(silences, null, 2)}\n`);
  return String(silences.length);
}

export async function restoreSilences(outputs: Outputs, archive: Archive): Promise<string> {
  if (!archive.has(file)) return "the backup has none";
  if ((await statefulSet(outputs, name)) === undefined) return "left out: the stack has no Alertmanager now";
  await settled(outputs, name);
  const kept = JSON.parse(await archive.text(file)) as Silence[];
  return withApi(outputs, async (api) => {
    const due = missing(kept, await all(api), Date.now());
    for (const silence of due) await asked(api, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(silence) });
    return `${due.length} of ${kept.length}${due.length === kept.length ? "" : "; the others are there, or over"}`;
  });
}

/** Those that are neither there already nor over. They get another id: Alertmanager takes none that it does not know. */
export function missing(kept: readonly Silence[], there: readonly Silence[], nowMs: number): Silence[] {
  const what = ({ matchers, endsAt, createdBy, comment }: Silence): string =>
    JSON.stringify([matchers.map((matcher) => Object.entries(matcher).sort()), Date.parse(endsAt), createdBy, comment]);
  const known = new Set(there.filter(({ status }) => status?.state !== "expired").map(what));
  return kept.filter((one) => Date.parse(one.endsAt) > nowMs && !known.has(what(one))).map(({ id: _, status: __, updatedAt: ___, ...silence }) => silence);
}

function withApi<Result>(outputs: Outputs, use: (api: string) => Promise<Result>): Promise<Result> {
  return forwarded(outputs, `${name}-0`, monitoringPorts.alertmanager, (address) => use(`${address}/api/v2/silences`));
}

async function all(api: string): Promise<Silence[]> {
  return (await (await asked(api)).json()) as Silence[];
}
