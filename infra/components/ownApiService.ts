import * as pulumi from "@pulumi/pulumi";
import { metricsApiNames } from "../../monitoring/names.ts";
import type { Settings } from "../settings.ts";
import { apiServiceName, type MetricsApi } from "../specs/metricsApi.ts";
import { cluster, ifThere } from "./cluster.ts";

type Api = Pick<MetricsApi, "part" | "group">;

/** Where an APIService leads: to a Service, or to the API server itself. */
interface Target {
  readonly name?: string | undefined;
  readonly namespace?: string | undefined;
}

/** What is wrong where the cluster has an API already that the stack was about to bring. */
export function apiServiceProblem({ part, group }: Api, { namespace }: Pick<Settings, "namespace">, target: Target | undefined): string | undefined {
  const own = metricsApiNames[part];
  if (target === undefined || (target.name === own && target.namespace === namespace)) return undefined;
  return [
    `the cluster has the API ${group} already: APIService ${apiServiceName(group)} belongs to Service ${target.namespace}/${target.name}, and there can be one only.`,
    `To use it: pulumi config set --path autoscaling.${part}.from cluster`,
  ].join("\n");
}

/** A hook that fails an update, and its preview, before it brings a second server of an API that the cluster has. */
export function ownApiService(api: Api, settings: Settings): pulumi.ResourceHook {
  return new pulumi.ResourceHook(
    `own-${metricsApiNames[api.part]}`,
    async () => {
      const found = await liveTarget(api, settings);
      const problem = apiServiceProblem(api, settings, found);
      if (problem !== undefined) throw new Error(problem);
    },
    { onDryRun: true },
  );
}

async function liveTarget({ group }: Api, settings: Settings): Promise<Target | undefined> {
  try {
    const found = await ifThere(cluster(settings).apiServices.readAPIService({ name: apiServiceName(group) }));
    return found && (found.spec?.service ?? {});
  } catch (error) {
    // A preview needs no cluster, and need not be allowed to look.
    if (pulumi.runtime.isDryRun()) return undefined;
    throw error;
  }
}
