import { describe, expect, test } from "vitest";
import type { Found } from "../../local/found.ts";
import { plan } from "../../local/plan.ts";
import { atLeast } from "../../local/toolchain/go.ts";

const bare: Found = {
  linux: true,
  root: true,
  apt: true,
  freeDiskGb: 80,
  pulumiBuilt: false,
  languageHost: false,
  kubectl: false,
  ownDocker: false,
  dockerClient: false,
  registryMissing: false,
  pip: true,
  kind: false,
  ownContext: false,
  context: "zeromq-stack-dev",
  node: false,
  kubernetesBuilt: false,
  missingPackages: ["containerd", "docker.io"],
};
const equipped: Found = {
  ...bare,
  root: false,
  pulumi: "v3.256.0",
  languageHost: true,
  kubectl: true,
  docker: "unix:///var/run/docker.sock",
  dockerClient: true,
  kind: true,
};
const row = (found: Found, part: string) => plan(found).rows.find((candidate) => candidate.part === part)?.plan;

describe("what can't be done is said before anything is done", () => {
  test("without root", () => {
    expect(plan({ ...bare, root: false }).obstacles).toEqual([expect.stringContaining("needs root")]);
  });

  test("without apt-get, naming the packages", () => {
    expect(plan({ ...bare, apt: false }).obstacles).toEqual([expect.stringContaining("containerd docker.io")]);
  });

  test("on a disk that is too full for what is left to do", () => {
    expect(plan({ ...bare, freeDiskGb: 3 }).obstacles).toEqual([expect.stringMatching(/14 GB.*3 GB/)]);
    expect(plan({ ...bare, freeDiskGb: 5, kubernetesBuilt: true, pulumiBuilt: true }).obstacles).toEqual([]);
  });

  test("without Linux, Docker and kind", () => {
    expect(plan({ ...bare, linux: false }).obstacles[0]).toContain("Install Docker and kind");
  });

  test("without kubectl for a cluster that is not ours", () => {
    expect(plan({ ...equipped, kubectl: false }).obstacles).toEqual([expect.stringContaining("kubectl is missing")]);
  });

  test("when Docker's engine is down, rather than compiling what kind would give", () => {
    const { docker, ...down } = equipped;
    expect(docker).toBeDefined();
    expect(plan({ ...down, root: true }).obstacles).toEqual([expect.stringContaining("does not answer: start it")]);
    expect(plan({ ...down, root: true, chosen: "kind" })).toMatchObject({ cluster: "kind", obstacles: [expect.stringContaining("does not answer: start it")] });
  });

  test("when the context of the stack has gone from the kubeconfig", () => {
    expect(plan({ ...equipped, chosen: "context" }).obstacles).toEqual([expect.stringContaining("zeromq-stack-dev")]);
  });

  test("when a cluster of one's own would have to fetch its images from this machine", () => {
    expect(plan({ ...equipped, ownContext: true, registryMissing: true }).obstacles).toEqual([expect.stringContaining("pushRegistry.server")]);
  });

  test("every obstacle at once", () => {
    expect(plan({ ...bare, root: false, apt: false, freeDiskGb: 1 }).obstacles).toHaveLength(3);
  });
});

describe("what a machine has is used", () => {
  test("a context that the stack names wins over every cluster of ours", () => {
    const decided = plan({ ...equipped, ownContext: true });
    expect(decided.cluster).toBe("context");
    expect(decided.packages).toEqual([]);
    expect(decided.fetchGo).toBe(false);
  });

  test("Docker and kind give a kind cluster, and nothing is installed or compiled", () => {
    const decided = plan(equipped);
    expect(decided).toMatchObject({ cluster: "kind", docker: "found", pulumi: "found", packages: [], fetchGo: false, obstacles: [] });
  });

  test("what was chosen once stays chosen", () => {
    expect(plan({ ...equipped, root: true, chosen: "node" }).cluster).toBe("node");
    expect(plan({ ...bare, docker: "tcp://elsewhere", chosen: "kind", kubectl: true }).cluster).toBe("kind");
  });

  test("a local node that runs is kept where kind was installed later", () => {
    expect(plan({ ...equipped, root: true, node: true }).cluster).toBe("node");
  });

  test("Docker without kind still builds the images", () => {
    expect(plan({ ...equipped, root: true, kind: false })).toMatchObject({ cluster: "node", docker: "found" });
  });
});

describe("what a machine lacks is provided", () => {
  test("on a bare one everything is", () => {
    expect(plan(bare)).toMatchObject({ cluster: "node", docker: "provide", pulumi: "provide", packages: ["containerd", "docker.io"], fetchGo: true });
  });

  test("Go is not fetched where nothing is compiled, and pip only where it fetches Go", () => {
    expect(plan({ ...bare, kubernetesBuilt: true, pulumiBuilt: true, pip: false })).toMatchObject({ fetchGo: false, packages: ["containerd", "docker.io"] });
    expect(plan({ ...bare, pip: false }).packages).toEqual(["containerd", "docker.io", "python3-pip"]);
  });

  test("Debian's Docker is not installed beside another one", () => {
    expect(plan({ ...equipped, root: true, kind: false }).packages).toEqual(["containerd"]);
  });

  test("what was built earlier is not built again", () => {
    const built = { ...bare, pulumiBuilt: true, kubernetesBuilt: true };
    expect(row(built, "Pulumi CLI")).toContain("built earlier");
    expect(row(built, "Cluster")).toContain("built earlier");
  });

  test("every row says what was found and what is planned", () => {
    for (const found of [bare, equipped, { ...equipped, ownContext: true }]) {
      for (const { part, plan: planned } of plan(found).rows) expect(planned, part).not.toBe("");
    }
  });
});

test.each([
  ["3.200.0", "3.200.0", true],
  ["v3.256.0", "3.200.0", true],
  ["3.99.9", "3.200.0", false],
  ["1.26", "1.25.11", true],
  ["1.25.3", "1.25.11", false],
  ["v3.201.0-alpha.1", "3.200.0", true],
])("version %s is at least %s: %s", (version, least, expected) => {
  expect(atLeast(version, least)).toBe(expected);
});
