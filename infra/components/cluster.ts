import { ApiException, ApiregistrationV1Api, AppsV1Api, AutoscalingV2Api, KubeConfig } from "@kubernetes/client-node";
import type { Settings } from "../settings.ts";

/** The cluster itself, for the few questions that neither the settings nor Pulumi's state answer. */
export function cluster({ kubeContext }: Pick<Settings, "kubeContext">) {
  const config = new KubeConfig();
  config.loadFromDefault();
  config.setCurrentContext(kubeContext);
  return {
    apiServices: config.makeApiClient(ApiregistrationV1Api),
    apps: config.makeApiClient(AppsV1Api),
    autoscaling: config.makeApiClient(AutoscalingV2Api),
  };
}

/** What the cluster has, or nothing where it has none of it. */
export async function ifThere<Found>(asked: Promise<Found>): Promise<Found | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof ApiException && error.code === 404) return undefined;
    throw error;
  }
}
