import { expect, it } from "vitest";
import { parseSettings } from "../../infra/settings.ts";
import { containersOf, podOf } from "../../infra/policy/rules.ts";
import { imageReference } from "../../infra/settings/imageReference.ts";
import { imagesInUse } from "../../infra/settings/imagesInUse.ts";
import { runProgram } from "./program.ts";
import { plain, released } from "./rendered.ts";
import { configurationOf } from "./stack.ts";

const parts = ["prometheus", "alerting", "grafana", "autoscaling", "logging"].map((part) => `zeromq-stack:${part}`);
const everything = Object.fromEntries(parts.map((part) => [part, JSON.stringify({ ...JSON.parse(released[part]!), enabled: true })]));
const ofCluster = '{"enabled":true,"metricsServer":{"from":"cluster"},"prometheusAdapter":{"from":"cluster"}}';

it.each([
  ["of the dev stack as it is", {}],
  ["with all that can be switched on", everything],
  ["that brings no servers of metrics of its own", { ...everything, "zeromq-stack:autoscaling": ofCluster }],
  ["without Kibana", { ...everything, "zeromq-stack:logging": '{"enabled":true,"kibana":{"enabled":false}}' }],
])("the third-party images that npm run up provides are those that the pods run: %s", async (_, changes) => {
  const { resources } = await runProgram(changes);
  const pods = resources.map(({ type, name, inputs }) => podOf({ type, name, props: plain(inputs) })).filter((pod) => pod !== undefined);
  const images = new Set<string>(pods.flatMap((pod) => containersOf(pod).map(({ image }) => image)));
  const thirdParty = [...images].filter((image) => !/zeromq-(broker|worker)@/.test(image));
  const settings = parseSettings({ ...configurationOf("dev"), ...changes }, "dev", { isPreview: true });
  const provided = Object.values(imagesInUse(settings)).map((image) => imageReference(settings, image));
  expect(thirdParty.sort()).toEqual(provided.sort());
});
