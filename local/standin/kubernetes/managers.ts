// Part of the stand-in for Pulumi's Kubernetes plugin. Whose a field is, by what the API server keeps of it.

import type { Properties } from "../property-values.ts";

/** "spec.replicas" in the API server's own notation: {"f:spec": {"f:replicas": {}}} */
const has = (fields: Properties | undefined, path: string[]): boolean => {
  let found = fields;
  for (const step of path) found = found?.[`f:${step}`];
  return found !== undefined;
};

/** Without plain fields of lists: the genuine plugin has none either. */
function at(object: Properties, path: string[]): { parent: Properties | undefined; last: string } {
  let parent: Properties | undefined = object;
  for (const step of path.slice(0, -1)) parent = parent?.[step];
  return { parent, last: path.at(-1)! };
}

/**
 * What an update sends where the program ignores changes of some fields, as the genuine plugin decides it: nothing of a field that
 * is another manager's alone; else the value that the cluster has, so that the field is neither moved nor given up.
 */
export function leftToOthers(inputs: Properties, live: Properties | undefined, manager: string, ignored: readonly string[]): Properties {
  const sent = structuredClone(inputs);
  if (!live) return sent;
  const entries: Properties[] = live.metadata.managedFields ?? [];
  for (const path of ignored.map((one) => one.split("."))) {
    const owners = entries.filter(({ fieldsV1 }) => has(fieldsV1, path)).map((entry) => entry.manager);
    const { parent, last } = at(sent, path);
    const current = at(live, path);
    const value = current.parent?.[current.last];
    if (!parent || value === undefined) continue;
    if (owners.length > 0 && !owners.includes(manager)) delete parent[last];
    else parent[last] = value;
  }
  return sent;
}
