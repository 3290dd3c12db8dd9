import * as docker from "@pulumi/docker";
import * as kubernetes from "@pulumi/kubernetes";
import type { Settings } from "../settings.ts";

/** The cluster that the settings name, and no other: what is given to no provider does not get a default one. */
export function clusterProvider({ kubeContext }: Settings): kubernetes.Provider {
  return new kubernetes.Provider("cluster", {
    context: kubeContext,
    // Otherwise a changed ConfigMap of a fixed name would be deleted and made anew under the running pods
    // (pulumi-kubernetes#1567); the hash on the pod templates rolls them.
    enableConfigMapMutable: true,
    enableSecretMutable: true,
  });
}

/** The Docker daemon of whoever runs the update. */
export function builderProvider(): docker.Provider {
  return new docker.Provider("builder");
}
