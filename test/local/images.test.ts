import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { imagesInUse } from "../../infra/settings/imagesInUse.ts";
import { type ThirdParty, thirdPartyImages } from "../../infra/settings/thirdPartyImages.ts";
import { makeable, recipes } from "../../local/images/thirdParty.ts";
import { checkout } from "../../local/paths.ts";
import { prometheusBuild } from "../../local/toolchain/build.ts";
import { versions } from "../../local/versions.ts";
import { settingsWith } from "../infra/specs.ts";

describe("third-party images", () => {
  test("are made under the names that the stack asks for", () => {
    const everything = imagesInUse(settingsWith());
    for (const [part, reference] of Object.entries(makeable)) expect(everything[part as ThirdParty], part).toBe(reference);
  });

  test("are asked for by what is switched on only, under the names that the settings have", () => {
    const off = { alerting: { enabled: false }, grafana: { enabled: false } };
    expect(Object.keys(imagesInUse(settingsWith(off)))).not.toContain("alertmanager");
    expect(imagesInUse(settingsWith({ ...off, prometheus: { image: "mirrored/prometheus:v9" } })).prometheus).toBe("mirrored/prometheus:v9");
  });

  test("are made anew when what they are made of changes, since its words tell them apart", () => {
    const words = Object.values(recipes).map(({ of }) => of);
    expect(new Set(words).size).toBe(words.length);
    for (const part of [versions.prometheus, ...prometheusBuild.tags!]) expect(recipes.prometheus?.of).toContain(part);
  });

  test("of Prometheus are the version that the settings name", () => {
    expect(thirdPartyImages.prometheus).toBe(`prom/prometheus:v${versions.prometheus}`);
    const [major, minor, patch] = versions.prometheus.split(".");
    const module = readFileSync(join(checkout, "local/toolchain/prometheus/go.mod"), "utf8");
    expect(module).toContain(`github.com/prometheus/prometheus v0.${major}${minor}.${patch}`);
  });

  test.each([
    ["metrics-server", "metricsServer"],
    ["prometheus-adapter", "prometheusAdapter"],
  ] as const)("of %s are the version that the settings name", (name, part) => {
    expect(thirdPartyImages[part]).toBe(`registry.k8s.io/${name}/${name}:v${versions[part]}`);
    expect(readFileSync(join(checkout, "local/toolchain", name, "go.mod"), "utf8")).toContain(`sigs.k8s.io/${name} v${versions[part]}`);
  });

  test("of Elasticsearch and Filebeat are the version that the settings name, and Kibana's is the same", () => {
    for (const part of ["elasticsearch", "filebeat", "kibana"] as const) expect(thirdPartyImages[part]).toBe(`elastic/${part}:${versions.elastic}`);
    for (const part of ["elasticsearch", "filebeat"] as const) expect(recipes[part]?.of).toContain(versions.elastic);
  });
});
