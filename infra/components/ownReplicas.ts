import * as pulumi from "@pulumi/pulumi";
import type { V1Deployment } from "@kubernetes/client-node";
import type { Settings } from "../settings.ts";
import { replicasBelongToAutoscaler } from "../specs/workerDeployment.ts";
import { cluster, ifThere } from "./cluster.ts";

/** Who moves a Deployment's number as an autoscaler. */
const controller = { manager: "kube-controller-manager", subresource: "scale" };

interface Owned {
  readonly deployment: string;
  readonly autoscaler: string;
}

/**
 * A hook for a Deployment whose number the settings decide again: until the end of the update the autoscaler that was there before would
 * move it on, and the API server would refuse the number as another's. It ends the autoscaler and takes its name off the field.
 */
export function ownReplicas({ deployment, autoscaler }: Owned, settings: Settings): pulumi.ResourceHook {
  return new pulumi.ResourceHook(`own-replicas-of-${deployment}`, async ({ oldInputs }) => {
    if (!replicasBelongToAutoscaler(oldInputs)) return;
    const { namespace } = settings;
    const { apps, autoscaling } = cluster(settings);
    await ifThere(autoscaling.deleteNamespacedHorizontalPodAutoscaler({ name: autoscaler, namespace }));
    const live = await ifThere(apps.readNamespacedDeployment({ name: deployment, namespace }));
    const patch = live === undefined ? [] : disownPatch(live);
    if (patch.length > 0) await apps.patchNamespacedDeployment({ name: deployment, namespace, body: patch });
  });
}

/** A JSON patch by which the autoscaler's controller owns nothing of a Deployment any more; empty where it owns nothing. */
export function disownPatch({ metadata }: Pick<V1Deployment, "metadata">): object[] {
  const index = (metadata?.managedFields ?? []).findIndex(
    ({ manager, subresource }) => manager === controller.manager && subresource === controller.subresource,
  );
  if (index === -1) return [];
  return [
    { op: "test", path: "/metadata/resourceVersion", value: metadata!.resourceVersion },
    { op: "remove", path: `/metadata/managedFields/${index}` },
  ];
}
