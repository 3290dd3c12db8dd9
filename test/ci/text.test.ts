import { describe, expect, it } from "vitest";
import { changesOf } from "../../ci/changes.ts";
import { previewOf } from "../../ci/events.ts";
import { failed, type Preview, previewsFrom } from "../../ci/previews.ts";
import { instead, withoutSecrets } from "../../ci/settings.ts";
import { commentText, marker } from "../../ci/text.ts";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const versions = { blue: "1.4.0", green: "1.5.0", worker: "1.5.0" };
const running = { activeColor: "blue", images: { blue: "b@sha256:1", green: "b@sha256:2", worker: "w@sha256:3" }, versions } as const;
const broker = {
  type: "kubernetes:apps/v1:Deployment",
  name: "zeromq-broker-blue",
  inputs: { metadata: { name: "zeromq-broker-blue" }, spec: { replicas: 2, strategy: { type: "RollingUpdate" } } },
};
const gate = (suffix: string) => ({
  type: "kubernetes:batch/v1:Job",
  name: "zeromq-switch-gate",
  inputs: { metadata: { name: `zeromq-switch-gate-${suffix}`, labels: { app: "zeromq-switch" } } },
});
const stack = (changes: Partial<Preview> = {}): Preview => ({
  stack: "prod",
  resources: [broker, gate("1a2b3c4d")],
  violations: [],
  warnings: [],
  errors: [],
  running,
  ...changes,
});
const scaled = { ...broker, inputs: { ...broker.inputs, spec: { ...broker.inputs.spec, replicas: 3 } } };

describe("what a change does", () => {
  it("is nothing where only names differ that Pulumi made up", () => {
    expect(changesOf(stack(), stack({ resources: [broker, gate("9z8y7x6w")] }))).toEqual([]);
  });

  it("is what is new, what changed and how, and what is gone", () => {
    const added = { type: "kubernetes:core/v1:Service", name: "new", inputs: {} };
    expect(changesOf(stack(), stack({ resources: [scaled, added] }))).toEqual([
      { how: "changed", type: broker.type, name: broker.name, fields: [{ path: "spec.replicas", before: 2, after: 3 }] },
      { how: "new", type: added.type, name: added.name, fields: [] },
      { how: "gone", type: gate("").type, name: "zeromq-switch-gate", fields: [] },
    ]);
  });

  it("is told field by field, with lists as long as before entry by entry", () => {
    const of = (env: unknown[]) => stack({ resources: [{ ...broker, inputs: { env } }] });
    expect(changesOf(of([{ name: "A", value: "1" }]), of([{ name: "A", value: "2" }]))[0]!.fields).toEqual([{ path: "env[0].value", before: "1", after: "2" }]);
    expect(changesOf(of([1]), of([1, 2]))[0]!.fields).toEqual([{ path: "env", before: [1], after: [1, 2] }]);
  });
});

describe("the comment", () => {
  it("begins with the mark by which it is found, and has a line for each stack", () => {
    const text = commentText([stack()], [stack({ resources: [scaled, gate("x1x1x1x1")] })]);
    expect(text.startsWith(`${marker}\n`)).toBe(true);
    expect(text).toContain("| <code>prod</code> | 1 changed | traffic: stays on blue 1.4.0 |");
    expect(text).toContain("<code>spec.replicas</code> <code>2</code> → <code>3</code>");
    expect(text).toContain("compared with the branch that it goes into");
  });

  it("says of a stack that stays as it is no more than that", () => {
    const text = commentText([stack()], [stack()]);
    expect(text).toContain("| <code>prod</code> | no change | traffic: stays on blue 1.4.0 |");
    expect(text).not.toContain("<details>");
  });

  it("says in words what happens to clients", () => {
    expect(commentText([stack()], [stack({ running: { ...running, activeColor: "green" } })])).toContain(
      "traffic: blue 1.4.0 → green 1.5.0<br>the way back from green: revert this change",
    );
    const rebuilt = { ...running, images: { ...running.images, blue: "b@sha256:9" } };
    expect(commentText([stack()], [stack({ running: rebuilt })])).toContain("stays on blue, whose brokers are replaced one by one");
    expect(commentText(undefined, [stack()])).toMatch(/traffic: none yet → blue 1\.4\.0[^]*there is nothing to compare them with/);
  });

  it("tells of a preview that failed, why", () => {
    const text = commentText([stack()], [stack({ errors: ["workers[0].replicas: -1 found"], running: undefined })]);
    expect(text).toContain("| <code>prod</code> | ❌ the preview failed | not known |");
    expect(text).toContain("<details open><summary><code>prod</code></summary>");
    expect(text).toContain("```text\nworkers[0].replicas: -1 found\n```");
  });

  it("tells of what a policy refuses, by its name and the resource's, and of what it only warns of", () => {
    const violation = { policy: "probes", message: "container worker: livenessProbe must be set", resource: "zeromq-worker", mandatory: true };
    const refused = commentText([stack()], [stack({ violations: [violation] })]);
    expect(refused).toContain("❌ refused by 1 policy violation");
    expect(refused).toContain("❌ policy <code>probes</code>, <code>zeromq-worker</code>");
    expect(commentText([stack()], [stack({ violations: [{ ...violation, mandatory: false }], warnings: ["an update will be refused"] })])).toContain(
      "no change (2 warnings)",
    );
  });

  it("shows what is in a pull request as text, whatever it would be as markup", () => {
    const nasty = { ...broker, name: "x|y`<img src=//e.example>@everyone", inputs: { "a|b": "](http://e.example)\n| new row |" } };
    const text = commentText([stack({ resources: [{ ...nasty, inputs: { "a|b": "0" } }] })], [stack({ resources: [nasty], errors: [] })]);
    expect(text).not.toMatch(/<img|@everyone|\]\(http|new row \|\n/);
    const named = stack({
      stack: "<img src=//e.example>",
      violations: [{ policy: "@everyone", resource: "](http://e.example)", message: "no", mandatory: true }],
    });
    expect(commentText([], [named])).not.toMatch(/<img|@everyone|\]\(http/);
    expect(commentText([], [stack({ errors: ["```\n@everyone"] })])).toContain("````text\n```\n@everyone\n````");
  });

  it("is never longer than GitHub takes", () => {
    const many = Array.from({ length: 2_000 }, (_, index) => ({ ...broker, name: `broker-${index}` }));
    expect(commentText([stack()], [stack({ resources: many })])).toContain("| | and 1942 more | |");
    const wide = Array.from({ length: 60 }, (_, index) => ({
      ...broker,
      name: `broker-${index}`,
      inputs: Object.fromEntries(Array.from({ length: 8 }, (_, field) => [`field${field}`, `${index}`.repeat(80)])),
    }));
    const narrow = wide.map(({ inputs, ...rest }) => ({ ...rest, inputs: Object.fromEntries(Object.keys(inputs).map((key) => [key, "before"])) }));
    const stacks = ["dev", "staging", "prod"];
    const text = commentText(
      stacks.map((name) => stack({ stack: name, resources: narrow })),
      stacks.map((name) => stack({ stack: name, resources: wide })),
      "[The run](https://example.com)",
    );
    expect(text.length).toBeLessThan(65_536);
    expect(text).toContain("too much for a comment");
    expect(text.match(/<details/g)?.length).toBe(text.match(/<\/details>/g)?.length);
    expect(text).toContain("[The run](https://example.com)");
  });
});

describe("a preview", () => {
  const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
  const urn = (type: string, name: string) => `urn:pulumi:prod::zeromq-stack::${type}::${name}`;
  const step = (type: string, name: string, rest: object) => ({
    op: "create",
    urn: urn(type, name),
    type,
    provider: "",
    new: { type, urn: urn(type, name), inputs: {}, outputs: {}, ...rest },
  });
  const events = [
    { resourcePreEvent: { metadata: step(broker.type, broker.name, { inputs: { image: unknown } }) } },
    { resourcePreEvent: { metadata: step("zeromq-stack:infra:Broker", "broker-blue", {}) } },
    {
      resOutputsEvent: {
        metadata: step("pulumi:pulumi:Stack", "zeromq-stack-prod", { outputs: { ...running, images: { ...running.images, blue: unknown } } }),
      },
    },
    { policyEvent: { policyName: "host", message: "<{%fg 1%}>no<{%reset%}>", resourceUrn: urn(broker.type, broker.name), enforcementLevel: "mandatory" } },
    { diagnosticEvent: { severity: "warning", message: "\u001b[31ma warning\u001b[0m\n" } },
    { diagnosticEvent: { severity: "info#err", message: "no matter" } },
  ] as any[];

  it("is what the engine's events say: resources, policies, warnings, and what runs", () => {
    expect(previewOf("prod", events, "built from X")).toEqual({
      stack: "prod",
      resources: [{ type: broker.type, name: broker.name, inputs: { image: "built from X" } }],
      violations: [{ policy: "host", message: "no", resource: broker.name, mandatory: true }],
      warnings: ["a warning"],
      errors: [],
      running: { ...running, images: { ...running.images, blue: "built from X" } },
    });
  });

  it("of a stack to which nobody has released yet is no failure: what is missing is a warning", () => {
    const pinned = { policyEvent: { policyName: "pinned-images", message: "image x must be pinned by digest", enforcementLevel: "mandatory" } };
    const missing = { diagnosticEvent: { severity: "warning", message: "an update will be refused: zeromq-stack:prometheus.image: no digest" } };
    const last = { diagnosticEvent: { severity: "error", message: "preview failed" } };
    const unreleased = previewOf("prod", [pinned, missing, last] as any[], "");
    expect(unreleased).toMatchObject({ violations: [], errors: [], warnings: [expect.stringContaining("prometheus.image")] });
    expect(commentText([stack()], [{ ...stack(), warnings: unreleased.warnings }])).toContain("no change; not released to yet: an update would be refused");
    expect(previewOf("prod", [pinned, last] as any[], "")).toMatchObject({ violations: [{ policy: "pinned-images", mandatory: true }], errors: [] });
    expect(previewOf("prod", [last] as any[], "").errors).toEqual(["preview failed"]);
    expect(previewOf("prod", [pinned, missing, last] as any[], "", "exit 255").errors).toEqual([]);
    expect(previewOf("prod", [], "", "unknown flag").errors).toEqual(["unknown flag"]);
  });

  it("says nothing of the machine that made it", () => {
    const warning = (message: string) => ({ diagnosticEvent: { severity: "warning", message } });
    const policy = {
      policyEvent: {
        policyName: "pinned-images",
        message: "can't run policy 'pinned-images': string value can't be known during preview",
        enforcementLevel: "advisory",
      },
    };
    expect(
      previewOf(
        "dev",
        [warning("using pulumi-resource-kubernetes from $PATH"), warning("configured Kubernetes cluster is unreachable: no"), policy] as any[],
        "",
      ),
    ).toMatchObject({ warnings: [], violations: [] });
  });

  it("that went through has failed all the same where a policy forbids it", () => {
    expect(failed(previewOf("prod", events, ""))).toBe(true);
    expect(failed(stack())).toBe(false);
    expect(failed(stack({ errors: ["no"] }))).toBe(true);
  });

  it("comes back from its file as it was, and nothing else does", () => {
    expect(previewsFrom(JSON.stringify([stack()]))).toEqual([stack()]);
    expect(() => previewsFrom('[{"stack":"prod"}]')).toThrow();
  });
});

it("a preview's settings are the stack's, with something else in place of each secret", () => {
  const directory = mkdtempSync(join(tmpdir(), "zeromq-stack-settings-"));
  writeFileSync(
    join(directory, "Pulumi.prod.yaml"),
    "secretsprovider: awskms://x\nencryptedkey: abc\nconfig:\n  a:one: 1\n  a:two: { secure: AAAB }\n  a:three: { list: [{ secure: AAAC }, plain] }\n",
  );
  expect(withoutSecrets(directory, "prod")).toEqual({ "a:one": 1, "a:two": instead, "a:three": { list: [instead, "plain"] } });
  rmSync(directory, { recursive: true });
  expect(() => withoutSecrets(directory, "prod")).toThrow("Pulumi.prod.yaml");
});
