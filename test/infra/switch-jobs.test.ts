import { describe, expect, it } from "vitest";
import { disruptionBudget } from "../../infra/specs/disruptionBudget.ts";
import { confirmJob, gateJob, moveJob } from "../../infra/specs/switchJobs.ts";
import { settingsWith } from "./specs.ts";

const image = `registry.example/zeromq@sha256:${"a".repeat(64)}`;

type Build = typeof gateJob;
const program = (build: Build, changes: Record<string, unknown> = {}, color: "blue" | "green" = "green") =>
  build(settingsWith(changes), color, image).spec.spec.template.spec.containers[0]!.command.join(" ");

describe("before clients are sent to a colour, a Job", () => {
  it("asks each of its brokers, by the addresses of that colour, as many as there will be", () => {
    expect(program(gateJob, { broker: { replicas: 4 } })).toContain("check --address tcp://zeromq-broker-green:5555 --color green");
    expect(program(gateJob, { broker: { replicas: 4 } })).toContain("--brokers 4");
  });

  it("sends the smoke request, and knows the right reply", () => {
    const smoke = { service: "echo", request: "hi there", reply: "hi", timeoutSeconds: 7 };
    expect(program(gateJob, { smoke, workers: [{ service: "echo" }] })).toContain("--within-seconds 7 --service echo --body hi there --reply hi ");
  });

  it("asks the first service that has workers where no other is named, and only the brokers where none has", () => {
    expect(program(gateJob, { workers: [{ service: "gzip", handler: "gzip", replicas: 0 }, { service: "echo" }] })).toContain(
      "--service echo --body  --brokers",
    );
    expect(program(gateJob, { workers: [{ service: "echo", replicas: 0 }] })).not.toContain("--service");
  });
});

describe("after clients were sent there, a Job", () => {
  it("takes the clients' way, and tells the way back where it does not lead to the colour", () => {
    expect(program(confirmJob)).toContain("check --address tcp://zeromq-broker:5555 --color green");
    expect(program(confirmJob)).toContain(
      "--otherwise Traffic goes to green. The way back: npm run switch -- blue, or: pulumi config set activeColor blue && pulumi up",
    );
  });
});

describe("before the old colour shrinks, a Job", () => {
  it("waits until its clients have left: as long as one may want to go back, and no longer than the kubelet and the longest request take", () => {
    const changes = { standbyReplicas: 2, scaleDownDelaySeconds: 60, longestRequestSeconds: 100, workers: [{ service: "echo" }] };
    expect(program(moveJob, changes)).toContain(
      "moved --address tcp://zeromq-broker-headless:5555 --color blue --keep 2 --at-least-seconds 60 --at-most-seconds 280",
    );
  });
});

describe.each([
  ["gate", gateJob],
  ["confirm", confirmJob],
  ["move", moveJob],
] as const)("the Job %s", (_, build: Build) => {
  const { spec, timeoutSeconds } = build(settingsWith(), "green", image);

  it("runs once, from the image of the colour, and ends by itself before the update gives it up", () => {
    expect(spec.spec.backoffLimit).toBe(0);
    expect(spec.spec.template.spec).toMatchObject({ restartPolicy: "Never", containers: [{ image }] });
    expect(spec.spec.activeDeadlineSeconds).toBeLessThan(timeoutSeconds);
  });

  it("is run anew by the next update where it failed", () => {
    expect(spec.metadata.annotations).toMatchObject({ "pulumi.com/replaceUnready": "true" });
  });

  it("is as narrow as every other pod, and is no broker to a Service", () => {
    expect(spec.spec.template.spec).toMatchObject({ automountServiceAccountToken: false, securityContext: { runAsNonRoot: true } });
    expect(spec.spec.template.spec.containers[0]).toMatchObject({
      securityContext: { readOnlyRootFilesystem: true },
      terminationMessagePolicy: "FallbackToLogsOnError",
    });
    expect(spec.spec.template.metadata.labels).toMatchObject({ app: "zeromq-switch" });
  });
});

it("pods leave a node one after the other, and one that is not ready holds nobody up", () => {
  const { spec } = disruptionBudget({ name: "x", namespace: "y", matchLabels: { app: "z" } });
  expect(spec).toEqual({ maxUnavailable: 1, unhealthyPodEvictionPolicy: "AlwaysAllow", selector: { matchLabels: { app: "z" } } });
});
