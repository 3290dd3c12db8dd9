import { containersOf, type Declared, isLogsNamespace, kindOf, podOf, type ResourceRule } from "./rules.ts";

type Fields = Readonly<Record<string, any>>;

/** A rule for every container of every pod; `wrong` is told the pod, too, since a pod may say it for all of its containers. */
function containerRule(name: string, description: string, wrong: (container: Fields, pod: Fields) => string | undefined): ResourceRule {
  return {
    name,
    description,
    check(resource) {
      const pod = podOf(resource);
      if (pod === undefined) return [];
      return containersOf(pod).flatMap((container) => {
        const problem = wrong(container, pod);
        return problem === undefined ? [] : [`container ${container["name"]}: ${problem}`];
      });
    },
  };
}

const own = (container: Fields, pod: Fields, field: string): unknown => container["securityContext"]?.[field] ?? pod["securityContext"]?.[field];

const longLived = ["Deployment", "StatefulSet", "DaemonSet"];

/** The one that may read files of its node, and which ones. */
const readsLogs = (resource: Declared): boolean => kindOf(resource) === "DaemonSet" && isLogsNamespace(resource.props["metadata"]?.namespace);
const isLogs = (path: string): boolean => path === "/var/log/containers" || path === "/var/log/pods";
const isReadOnly = (pod: Fields, volume: string): boolean =>
  containersOf(pod).every(({ volumeMounts = [] }) => volumeMounts.every((mount: Fields) => mount["name"] !== volume || mount["readOnly"] === true));

export const podRules: readonly ResourceRule[] = [
  containerRule("non-root", "Containers run as somebody who is not root.", (container, pod) =>
    own(container, pod, "runAsNonRoot") === true && own(container, pod, "runAsUser") !== 0 ? undefined : "runAsNonRoot must be true, and runAsUser not 0",
  ),
  containerRule("read-only-root", "Containers cannot write to their root file system.", (container) =>
    container["securityContext"]?.readOnlyRootFilesystem === true ? undefined : "readOnlyRootFilesystem must be true",
  ),
  containerRule("dropped-capabilities", "Containers have no capability and get none.", (container) => {
    const { capabilities, allowPrivilegeEscalation, privileged } = container["securityContext"] ?? {};
    const isNarrow = capabilities?.drop?.includes("ALL") === true && (capabilities.add ?? []).length === 0;
    return isNarrow && allowPrivilegeEscalation === false && privileged !== true
      ? undefined
      : "capabilities must drop ALL and add none, allowPrivilegeEscalation must be false";
  }),
  containerRule("seccomp", "Containers have the runtime's seccomp profile, or a narrower one.", (container, pod) => {
    const profile = own(container, pod, "seccompProfile") as { type?: string } | undefined;
    return ["RuntimeDefault", "Localhost"].includes(profile?.type ?? "") ? undefined : "seccompProfile must be RuntimeDefault or Localhost";
  }),
  containerRule("requests-and-limits", "Containers say what they need and what they may have.", ({ resources }) => {
    const missing = ["requests", "limits"].flatMap((kind) =>
      ["cpu", "memory"].filter((what) => resources?.[kind]?.[what] === undefined).map((what) => `${kind}.${what}`),
    );
    return missing.length === 0 ? undefined : `${missing.join(", ")} must be set`;
  }),
  {
    name: "probes",
    description: "Who stays is asked whether it is ready, and whether it lives.",
    check(resource) {
      if (!longLived.includes(kindOf(resource) ?? "")) return [];
      const containers: Fields[] = podOf(resource)!["containers"];
      return containers.flatMap((container) =>
        ["readinessProbe", "livenessProbe"]
          .filter((probe) => container[probe] === undefined)
          .map((probe) => `container ${container["name"]}: ${probe} must be set`),
      );
    },
  },
  containerRule("pinned-images", "Images are named by digest, so that what was tried is what runs.", ({ image }) =>
    /@sha256:[0-9a-f]{64}$/.test(String(image)) ? undefined : `image ${image} must be pinned by digest`,
  ),
  {
    name: "host",
    description: "Pods share nothing with their node; but Filebeat, in a namespace of its own, reads the containers' logs there and cannot write to them.",
    check(resource) {
      const pod = podOf(resource);
      if (pod === undefined) return [];
      const shared = ["hostNetwork", "hostPID", "hostIPC"].filter((field) => pod[field] === true);
      const mounted = ((pod["volumes"] ?? []) as Fields[])
        .filter(({ name, hostPath }) => hostPath !== undefined && !(readsLogs(resource) && isLogs(hostPath.path) && isReadOnly(pod, name)))
        .map(({ name }) => `hostPath of volume ${name}`);
      return [...shared, ...mounted].map((what) => `${what} must not be used`);
    },
  },
];
