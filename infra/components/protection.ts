import * as pulumi from "@pulumi/pulumi";
import { isProtected } from "../settings/developmentStack.ts";
import type { Settings } from "../settings.ts";

/** What the settings say of that which cannot be made again. */
interface Named {
  readonly namespace: string;
  readonly serverKey: number;
  readonly otherServerKey?: number | undefined;
}

/**
 * What the last update named of that which is protected. One that names it no more fails here, and in its preview. Pulumi deletes
 * last, so it would notice when all peers have another key, or when a second stack stands in another namespace.
 */
export function protection(settings: Settings, parent: pulumi.Resource): pulumi.Resource {
  const {
    namespace,
    curve: { serverKey, otherServerKey },
  } = settings;
  const input: Named = { namespace, serverKey, ...(otherServerKey !== undefined && { otherServerKey }) };
  const hooks = isProtected(settings, pulumi.getStack()) ? { beforeUpdate: [stays()] } : {};
  return new pulumi.Stash("protection", { input }, { parent, hooks });
}

function stays(): pulumi.ResourceHook {
  return new pulumi.ResourceHook(
    "protection",
    ({ oldInputs, newInputs }) => {
      const problem = protectionProblem(oldInputs!["input"], newInputs!["input"]);
      if (problem !== undefined) throw new Error(problem);
    },
    { onDryRun: true },
  );
}

/** What is wrong where something would be deleted that the update before named. */
export function protectionProblem(before: Named, now: Named): string | undefined {
  const way = "To do it all the same: pulumi config set protect false";
  if (now.namespace !== before.namespace) return `namespace was ${before.namespace}, which would be deleted with all that is in it, and is protected.\n${way}`;
  if ([now.serverKey, now.otherServerKey].includes(before.serverKey)) return undefined;
  return `curve.serverKey was ${before.serverKey}, which would be deleted, and is protected: clients that have that key would be locked out.\n\`npm run rotate\` changes it step by step. ${way}`;
}
