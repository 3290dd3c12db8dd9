import { expect, it } from "vitest";
import { imageReference } from "../../infra/settings/imageReference.ts";

it.each([
  ["docker.io", "prom/prometheus:v3", "docker.io/prom/prometheus:v3"],
  ["docker.io", "registry.k8s.io/metrics-server/metrics-server:v0.9.0", "registry.k8s.io/metrics-server/metrics-server:v0.9.0"],
  ["docker.io", "some.thing:v1", "docker.io/some.thing:v1"],
  ["localhost:5001", "prom/prometheus:v3", "localhost:5001/prom/prometheus:v3"],
  ["mirror.example/all", "registry.k8s.io/metrics-server/metrics-server:v0.9.0", "mirror.example/all/registry.k8s.io/metrics-server/metrics-server:v0.9.0"],
])("with imageRegistry %s, %s is pulled as %s", (imageRegistry, image, reference) => expect(imageReference({ imageRegistry }, image)).toBe(reference));
