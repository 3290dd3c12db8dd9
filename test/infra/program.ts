import * as pulumi from "@pulumi/pulumi";
import { MockMonitor } from "@pulumi/pulumi/runtime/mocks.js";
import { vi } from "vitest";
import { configurationOf } from "./stack.ts";

/** A resource as the program declared it. */
export interface Declared {
  readonly type: string;
  readonly name: string;
  readonly inputs: Record<string, any>;
  readonly provider: string;
  readonly custom: boolean;
  /** The names of what must be there before it. */
  readonly dependsOn: readonly string[];
  readonly ignoreChanges: readonly string[];
  readonly protect: boolean;
  /** What it hangs below, with the types of all above that. */
  readonly parent: string;
  /** What runs before it is made, and before it is changed. */
  readonly hooks: { readonly beforeCreate: readonly string[]; readonly beforeUpdate: readonly string[] };
  /** Where it stood before. */
  readonly aliases: readonly string[];
}

/** What a run of the program declared and what it gave out. */
export interface Run {
  readonly resources: readonly Declared[];
  readonly outputs: Record<string, any>;
}

/** The digest that every image built in a test has. */
export const builtDigest = `sha256:${"b".repeat(64)}`;

/** Runs the whole program as the engine would, with a stack's configuration, the dev stack's by default, and some of it changed. */
export async function runProgram(changes: Record<string, string> = {}, stack = "dev", { file = "dev", isPreview = false } = {}): Promise<Run> {
  const resources: Omit<Declared, Option>[] = [];
  // The mocks say that they know hooks, and don't.
  Object.assign(MockMonitor.prototype, { registerResourceHook: (_: unknown, done: (error: null, answer: object) => void) => done(null, {}) });
  // The mocks' own interface does not show a resource's options.
  const requests = vi.spyOn(MockMonitor.prototype, "registerResource");
  await pulumi.runtime.setMocks(
    {
      call: () => ({}),
      newResource({ type, name, inputs, provider, custom }) {
        resources.push({ type, name, inputs, provider: provider ?? "", custom: custom ?? true });
        return { id: `${name}-id`, state: { ...inputs, ...computed(type, inputs) } };
      },
    },
    "zeromq-stack",
    stack,
    isPreview,
    "organization",
  );
  pulumi.runtime.setAllConfig({ ...configurationOf(file), ...changes }, []);
  vi.resetModules();
  const outputs: Record<string, any> = { ...(await import("../../infra/index.ts")) };
  // Ends when everything that was declared has been registered.
  await pulumi.runtime.disconnect();
  const options = new Map(requests.mock.calls.map(([request]) => [`${request.getType()} ${request.getName()}`, optionsIn(request)]));
  requests.mockRestore();
  return { resources: resources.map((one) => ({ ...one, ...options.get(`${one.type} ${one.name}`)! })), outputs };
}

type Option = "dependsOn" | "ignoreChanges" | "protect" | "parent" | "hooks" | "aliases";

function optionsIn(request: any): Pick<Declared, Option> {
  return {
    dependsOn: request.getDependenciesList().map((urn: string) => urn.split("::").at(-1)),
    ignoreChanges: request.getIgnorechangesList(),
    protect: request.getProtect(),
    parent: request.getParent(),
    hooks: { beforeCreate: request.getHooks()?.getBeforeCreateList() ?? [], beforeUpdate: request.getHooks()?.getBeforeUpdateList() ?? [] },
    aliases: request.getAliasesList().map((alias: any) => alias.getSpec()?.getParenturn() ?? alias.getUrn()),
  };
}

/** What a run declared of one type, by name. */
export function ofType({ resources }: Run, type: string): Record<string, Declared> {
  return Object.fromEntries(resources.filter((resource) => resource.type === type).map((resource) => [resource.name, resource]));
}

/** The value of an output. */
export function valueOf<Value>(output: pulumi.Input<Value>): Promise<pulumi.Unwrap<Value>> {
  return new Promise((resolve) => pulumi.output(output).apply((value) => resolve(value as pulumi.Unwrap<Value>)));
}

function computed(type: string, inputs: Record<string, any>): Record<string, unknown> {
  if (type === "docker:index/image:Image") return { repoDigest: `${inputs["imageName"].split(/:[^/]*$/)[0]}@${builtDigest}` };
  if (inputs["spec"]?.type === "LoadBalancer") return { status: { loadBalancer: { ingress: [{ ip: "192.0.2.1" }] } } };
  if (inputs["spec"]?.type === "NodePort") return { spec: { ...inputs["spec"], ports: [{ port: 5555, nodePort: 30555 }] } };
  if (type === "pulumi:pulumi:StackReference") return { outputs: {} };
  if (type === "pulumi:index:Stash") return { output: inputs["input"] };
  return {};
}
