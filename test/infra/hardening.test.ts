import { describe, expect, it } from "vitest";
import { brokerDeployment } from "../../infra/specs/brokerDeployment.ts";
import { namespace } from "../../infra/specs/namespace.ts";
import { workerDeployment } from "../../infra/specs/workerDeployment.ts";
import { settingsWith } from "./specs.ts";

const settings = settingsWith();
const pods = [
  ["broker", brokerDeployment(settings, "blue", "image").spec.template.spec],
  ["worker", workerDeployment(settings, settings.workers[0]!, 0, "image").spec.template.spec],
] as const;

it("the namespace admits restricted pods only", () => {
  expect(namespace(settings).metadata).toMatchObject({
    name: "zeromq",
    labels: { "pod-security.kubernetes.io/enforce": "restricted" },
  });
});

describe.each(pods)("a %s", (_, pod) => {
  it("is nobody's root and has the runtime's seccomp profile", () => {
    expect(pod.securityContext).toEqual({
      runAsNonRoot: true,
      runAsUser: 10001,
      runAsGroup: 10001,
      seccompProfile: { type: "RuntimeDefault" },
    });
  });

  it("cannot gain privileges or write to its root file system", () => {
    expect(pod.containers.map(({ securityContext }) => securityContext)).toEqual([
      { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] }, readOnlyRootFilesystem: true },
    ]);
  });

  it("has neither a token of the API nor the Services' variables, which would clash with ours", () => {
    expect(pod).toMatchObject({ automountServiceAccountToken: false, enableServiceLinks: false });
  });

  it("leaves the end of its log where `kubectl describe` and Pulumi show it", () => {
    expect(pod.containers[0]).toMatchObject({ terminationMessagePolicy: "FallbackToLogsOnError" });
  });
});
