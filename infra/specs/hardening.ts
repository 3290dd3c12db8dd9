import type { PodSpec, SecurityContext } from "kubernetes-types/core/v1.js";
import { image } from "../../services/contract/image.ts";

/** What every pod of ours gives up: root, the API's token, the neighbours' addresses in its environment. */
export const hardenedPod = {
  automountServiceAccountToken: false,
  // A Service `zeromq-broker` would put ZEROMQ_BROKER_* into every container, and PORT-like names clash with settings.
  enableServiceLinks: false,
  securityContext: {
    runAsNonRoot: true,
    runAsUser: image.userId,
    runAsGroup: image.userId,
    seccompProfile: { type: "RuntimeDefault" },
  },
} satisfies Partial<PodSpec>;

/** What every container of ours gives up besides. */
export const hardenedContainer: SecurityContext = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ["ALL"] },
  readOnlyRootFilesystem: true,
};
