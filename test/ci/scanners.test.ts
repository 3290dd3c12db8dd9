import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stacksOf } from "../../ci/stacks.ts";
import { checkout } from "../../local/paths.ts";
import { versions } from "../../local/versions.ts";
import { checker } from "./checkers.ts";
import { manifestsOf } from "./manifests.ts";
import { writeSchemas } from "./schemas.ts";

const stacks = stacksOf(checkout);
const manifests = new Map<string, string>();
const directory = mkdtempSync(join(tmpdir(), "zeromq-stack-schemas-"));
let schemas: string;

beforeAll(async () => {
  schemas = await writeSchemas(directory);
  for (const stack of stacks) manifests.set(stack, await manifestsOf(stack));
}, 300_000);
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe("kubeconform", () => {
  const conform = (yaml: string) => checker("kubeconform", ["-strict", "-summary", "-schema-location", schemas, "-"], yaml);

  it.each(stacks)("finds every object of stack %s to be what Kubernetes says such an object is", async (stack) => {
    const { exitCode, text } = await conform(manifests.get(stack)!);
    expect({ exitCode, text }).toEqual({ exitCode: 0, text: expect.stringMatching(/Invalid: 0, Errors: 0, Skipped: 0$/) });
  });

  it.each([
    ["a misspelt field", /progressDeadlineSeconds/g, "progresDeadlineSeconds", "progresDeadlineSeconds"],
    ["a text for a number", /replicas: \d+/g, "replicas: many", "want integer"],
  ])("finds %s", async (_, right, wrong, said) => {
    const { exitCode, text } = await conform(manifests.get("dev")!.replaceAll(right, wrong));
    expect(exitCode).toBe(1);
    expect(text).toContain(said);
  });

  it("knows the kinds of Kubernetes", () => expect(readdirSync(directory).length).toBeGreaterThan(60));
});

/** What kube-score advises and we do not do, and why. `object`: only there. */
const exceptions: readonly { readonly check: string; readonly object?: string; readonly why: string }[] = [
  { check: "container-image-pull-policy", why: "images are named by digest: pulled once, they are what they are" },
  {
    check: "container-ephemeral-storage-request-and-limit",
    why: "root file systems are read-only and temporary volumes have a size; only logs are left, and the kubelet rotates those. A limit would evict a broker with what it holds",
  },
  {
    check: "deployment-has-host-podantiaffinity",
    why: "topologySpreadConstraints spread pods over zones and nodes, and let a small cluster run all of them on one",
  },
  { check: "statefulset-has-servicename", why: "one pod that nobody asks for by its own name: an ordinary Service is enough" },
  {
    check: "deployment-targeted-by-hpa-does-not-have-replicas-configured",
    why: "the number is for a Deployment's first moment: updates leave it to the autoscaler (ignoreChanges)",
  },
  ...["elasticsearch", "kibana", "filebeat"].flatMap((object) => [
    {
      check: "pod-probes-identical",
      object,
      why: "there is one thing to ask; a restart comes four times as late as the end of traffic, and a start has its own probe",
    },
    {
      check: "container-security-context-user-group-id",
      object,
      why: "Elastic's images are made for user 1000 and group 0; that group has no right of root's",
    },
  ]),
  { check: "networkpolicy-targets-pod", object: "zeromq-client", why: "it is for pods of clients, which are not the stack's" },
  { check: "deployment-replicas", why: "how many there are is a setting: one is enough on a laptop, and of the standby" },
];

interface Scored {
  readonly object_name: string;
  readonly object_meta: { readonly name?: string };
  readonly checks: readonly {
    readonly check: { readonly id: string };
    readonly grade: number;
    readonly skipped: boolean;
    readonly comments: readonly { summary: string }[] | null;
  }[];
}

describe("kube-score", () => {
  const allOk = 10;
  const options = [
    "score",
    "--output-format",
    "json",
    "--kubernetes-version",
    `v${versions.kubernetes.split(".").slice(0, 2).join(".")}`,
    "--enable-optional-test",
    "container-seccomp-profile",
    "-",
  ];
  const findings = async (yaml: string) => {
    const scored = JSON.parse((await checker("kube-score", options, yaml)).stdout) as Scored[];
    return scored.flatMap(({ object_meta: { name = "" }, checks }) =>
      checks
        .filter(({ skipped, grade }) => !skipped && grade < allOk)
        .map(({ check, comments }) => ({ check: check.id, object: name, text: `${check.id}: ${name}: ${comments?.map(({ summary }) => summary).join(", ")}` })),
    );
  };
  const excepted = (one: { check: string; object: string }) =>
    exceptions.filter(({ check, object }) => check === one.check && (object === undefined || object === one.object));

  it.each(stacks)("has nothing against stack %s that is not excepted in words", async (stack) => {
    const found = await findings(manifests.get(stack)!);
    expect(found.filter((one) => excepted(one).length === 0).map(({ text }) => text)).toEqual([]);
  });

  it("still has against some stack what is excepted", async () => {
    const used = new Set((await Promise.all(stacks.map((stack) => findings(manifests.get(stack)!)))).flat().flatMap(excepted));
    expect(exceptions.filter((one) => !used.has(one))).toEqual([]);
  });

  it("finds a container that may write, and one without a limit", async () => {
    const worse = manifests
      .get("dev")!
      .replaceAll("readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false")
      .replaceAll(/limits:\n\s+cpu: \S+\n/g, "limits:\n");
    const found = (await findings(worse)).map(({ check }) => check);
    expect(found).toEqual(expect.arrayContaining(["container-security-context-readonlyrootfilesystem", "container-resources"]));
  });
});
