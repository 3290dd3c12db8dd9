import type { Check } from "./crosschecks.ts";
import { isDevelopmentStack } from "./developmentStack.ts";
import { worktree } from "./images.ts";

/**
 * What an update needs and a preview does not: a stack that nobody has released to yet can be looked at, and so can a change of it
 * by somebody who has neither images nor a registry.
 */
export const updateChecks: readonly Check[] = [
  function activeColorIsReleased({ images, activeColor }, stack) {
    if (!images || !activeColor || images[activeColor] !== worktree || isDevelopmentStack(stack)) return [];
    return [{
      key: `images.${activeColor}`,
      message: `"${worktree}" found on the active colour of stack ${stack}; allowed: an image pinned by digest, but on dev and dev-…`,
    }];
  },

  function othersImagesArePinned({ prometheus, alerting, grafana, logging }, stack) {
    if (isDevelopmentStack(stack)) return [];
    const { elasticsearch, filebeat, kibana } = logging?.enabled ? logging : {};
    const parts = {
      prometheus, alerting, grafana,
      "logging.elasticsearch": elasticsearch && { enabled: true, ...elasticsearch },
      "logging.filebeat": filebeat && { enabled: true, ...filebeat },
      "logging.kibana": kibana,
    };
    return Object.entries(parts).flatMap(([key, group]) =>
      group === undefined || !group.enabled || group.image.includes("@")
        ? []
        : [{ key: `${key}.image`, message: `"${group.image}" found on stack ${stack}; allowed: with a digest (${group.image}@sha256:<64 hexadecimal digits>), but on dev and dev-…` }],
    );
  },

  function ourImagesHaveARegistry({ images, pushRegistry }) {
    if (!images || !pushRegistry || pushRegistry.server) return [];
    const homeless = (["blue", "green", "worker"] as const).filter((part) => !images[part].includes("/"));
    if (homeless.length === 0) return [];
    const parts = homeless.map((part) => `images.${part}`).join(", ");
    return [{
      key: "pushRegistry.server",
      message: `nothing found; needed for ${parts}; allowed: a registry's host, with a path if it has one`,
    }];
  },
];
