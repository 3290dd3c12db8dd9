import { describe, expect, it } from "vitest";
import { brokerService, colorService, headlessService, previewService, publicService } from "../../infra/specs/services.ts";
import { settingsWith } from "./specs.ts";

const activeGreen = { app: "zeromq-broker", version: "green" };
const frontend = { name: "frontend", port: 5555, targetPort: "frontend" };

describe("zeromq-broker", () => {
  it("is where clients in the cluster find the active colour's frontend", () => {
    const { metadata, spec } = brokerService(settingsWith({ activeColor: "green" }));
    expect(metadata?.name).toBe("zeromq-broker");
    expect(spec).toEqual({ type: "ClusterIP", selector: activeGreen, ports: [frontend] });
  });
});

describe("zeromq-broker-service", () => {
  it("publishes the active colour's frontend and neither backend nor metrics", () => {
    const { metadata, spec } = publicService(settingsWith({ activeColor: "green" }));
    expect(metadata?.name).toBe("zeromq-broker-service");
    expect(spec).toEqual({ type: "LoadBalancer", selector: activeGreen, ports: [frontend] });
  });

  it("is of the type, with the annotations and for the addresses that the stack says", () => {
    const settings = { annotations: { "cloud.example/internal": true }, sourceRanges: ["10.0.0.0/8"] };
    const { metadata, spec } = publicService(settingsWith({ frontend: settings }));
    expect(metadata?.annotations).toMatchObject({ "cloud.example/internal": "true" });
    expect(spec?.loadBalancerSourceRanges).toEqual(["10.0.0.0/8"]);
    expect(publicService(settingsWith({ frontend: { serviceType: "ClusterIP" } })).spec?.type).toBe("ClusterIP");
  });
});

describe("a client's own address", () => {
  const sourceRanges = ["192.0.2.0/24"];
  const inside = { serviceType: "ClusterIP" };
  const network = { clientNamespaces: ["shop"] };
  const spec = (changes: Record<string, unknown>) => publicService(settingsWith(changes)).spec;

  it("gets to the brokers where a policy asks for it: else it is a node's, which the policy refuses", () => {
    expect(spec({ network, frontend: { sourceRanges } })).toHaveProperty("externalTrafficPolicy", "Local");
  });

  it.each([
    ["everybody may come", { frontend: { sourceRanges } }],
    ["there are no policies", { network: { ...network, policies: false }, frontend: { sourceRanges } }],
    ["nobody comes from outside, where Kubernetes refuses the field", { network, frontend: inside }],
  ])("is no matter where %s", (_why, changes) => {
    expect(spec(changes)).not.toHaveProperty("externalTrafficPolicy");
  });

  it("is asked for by no Service of the cluster's own", () => {
    const settings = settingsWith({ network, frontend: { sourceRanges } });
    for (const { spec } of [brokerService(settings), previewService(settings), colorService(settings, "blue"), headlessService(settings)])
      expect(spec).not.toHaveProperty("externalTrafficPolicy");
  });
});

describe("zeromq-broker-preview", () => {
  it("leads to the colour that is not active, and waits for none of it", () => {
    const { metadata, spec } = previewService(settingsWith({ activeColor: "green" }));
    expect(metadata?.name).toBe("zeromq-broker-preview");
    expect(metadata?.annotations).toMatchObject({ "pulumi.com/skipAwait": "true" });
    expect(spec).toEqual({ type: "ClusterIP", selector: { app: "zeromq-broker", version: "blue" }, ports: [frontend] });
  });
});

describe.each(["blue", "green"] as const)("zeromq-broker-%s", (color) => {
  it("has the addresses of the colour's ready brokers, whichever is active", () => {
    const { metadata, spec } = colorService(settingsWith({ activeColor: "green" }), color);
    expect(metadata?.name).toBe(`zeromq-broker-${color}`);
    expect(spec).toEqual({ clusterIP: "None", selector: { app: "zeromq-broker", version: color }, ports: [frontend] });
  });
});

describe("zeromq-broker-headless", () => {
  it("is where workers find every broker of both colours, ready or not", () => {
    const { metadata, spec } = headlessService(settingsWith());
    expect(metadata?.name).toBe("zeromq-broker-headless");
    expect(spec).toEqual({
      clusterIP: "None",
      publishNotReadyAddresses: true,
      selector: { app: "zeromq-broker" },
      ports: [frontend, { name: "backend", port: 5556, targetPort: "backend" }],
    });
  });
});
