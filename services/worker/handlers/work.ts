/** Takes the time, and makes the parts, that the body asks for: `ID {"milliseconds":250,"parts":3}`, as `load --work-ms` sends it. */
import { setTimeout as sleep } from "node:timers/promises";
import { loadIdLength, workReply } from "../../contract/load.ts";
import type { Work } from "../../contract/load.ts";
import type { Handler } from "../handler.ts";

export const handler: Handler = async (body, { signal }) => {
  const id = body.toString("latin1", 0, loadIdLength);
  const { milliseconds, parts } = JSON.parse(body.toString("utf8", loadIdLength).replace(/\.*$/, "")) as Work;
  const replies = workReply(id, parts);
  const each = milliseconds / replies.length;
  if (parts === 0) {
    await sleep(each, undefined, { signal });
    return replies[0]!;
  }
  return (async function* () {
    for (const part of replies) {
      await sleep(each, undefined, { signal });
      yield part;
    }
  })();
};
