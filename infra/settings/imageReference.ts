import type { Settings } from "./schema.ts";

/** The first part of a name is a registry where it has a dot; no repository of Docker Hub begins so. */
const ofOtherRegistry = /^[a-z\d-]+(\.[a-z\d-]+)+\//;

/** Where a third-party image is pulled from: Docker Hub has no images of other registries, a mirror has them below the registries' names. */
export function imageReference({ imageRegistry }: Pick<Settings, "imageRegistry">, image: string): string {
  return imageRegistry === "docker.io" && ofOtherRegistry.test(image) ? image : `${imageRegistry}/${image}`;
}
