import { createRequire } from "node:module";
import { join } from "node:path";
import { credentials } from "@grpc/grpc-js";
import { AnalyzerClient } from "@pulumi/pulumi/proto/analyzer_grpc_pb.js";
import { AnalyzeRequest, AnalyzerResource, AnalyzerResourceOptions, AnalyzeStackRequest, type AnalyzeResponse } from "@pulumi/pulumi/proto/analyzer_pb.js";
import { Struct } from "google-protobuf/google/protobuf/struct_pb.js";
import { expect, test, vi } from "vitest";
import { checkout } from "../../local/paths.ts";
import { atEnd, start, waiting } from "./processes.ts";

const runner = createRequire(import.meta.url).resolve("@pulumi/pulumi/cmd/run-policy-pack/index.js");

/** The pack as Pulumi's engine has it: a process of the package's own runner, asked by gRPC. */
async function pack() {
  const running = start(`/${runner}`, {}, ["127.0.0.1:1", join(checkout, "infra/policy")]);
  const port = await vi.waitFor(() => {
    expect(running.output().toString(), running.errors()).toMatch(/^\d+\n/);
    return Number.parseInt(running.output().toString(), 10);
  }, waiting);
  const client = new AnalyzerClient(`127.0.0.1:${port}`, credentials.createInsecure());
  atEnd(() => client.close());
  const found = (ask: (done: (error: unknown, answer: AnalyzeResponse) => void) => void): Promise<string[]> =>
    new Promise((resolve, reject) =>
      ask((error, answer) => (error ? reject(error) : resolve(answer.getDiagnosticsList().map((one) => `${one.getPolicyname()}: ${one.getMessage()}`)))),
    );
  return { client, found };
}

const type = "kubernetes:apps/v1:Deployment";
const urn = `urn:pulumi:dev::zeromq-stack::${type}::careless`;
const template = { metadata: { labels: { app: "careless" } }, spec: { containers: [{ name: "one", image: "registry.example/one:latest" }] } };
const careless = { kind: "Deployment", metadata: { name: "careless" }, spec: { template } };

test("Pulumi is told what the policies say of a resource, and of a stack as a whole", async () => {
  const { client, found } = await pack();
  const properties = Struct.fromJavaScript(careless);
  const options = new AnalyzerResourceOptions().setCustomtimeouts(new AnalyzerResourceOptions.CustomTimeouts());
  const resource = new AnalyzeRequest().setType(type).setUrn(urn).setName("careless").setProperties(properties).setOptions(options);
  const ofResource = await found((done) => client.analyze(resource, done));
  expect(ofResource.map((text) => text.split(":")[0])).toEqual(
    expect.arrayContaining(["non-root", "read-only-root", "pinned-images", "probes", "requests-and-limits"]),
  );

  const whole = new AnalyzeStackRequest().setResourcesList([
    new AnalyzerResource().setType(type).setUrn(urn).setName("careless").setProperties(properties).setOptions(options),
  ]);
  const ofStack = await found((done) => client.analyzeStack(whole, done));
  expect(ofStack).toContainEqual(expect.stringContaining("Deployment careless must have a PodDisruptionBudget"));
});
