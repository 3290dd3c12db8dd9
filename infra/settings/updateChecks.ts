import type { Check } from "./crosschecks.ts";
import { isDevelopmentStack } from "./developmentStack.ts";
import { worktree } from "./images.ts";

/** How a preview's warning begins that says what an update would be refused for. */
export const refusedLater = "an update will be refused: ";

/**
 * What an update needs and a preview does not: a stack that nobody has released to yet can be looked at, and so can a change of it
 * by somebody who has neither images nor a registry.
 */
export const updateChecks: readonly Check[] = [
  function activeColorIsReleased({ images, activeColor }, stack) {
    if (!images || !activeColor || images[activeColor] !== worktree || isDevelopmentStack(stack)) return [];
    return [
      {
        key: `images.${activeColor}`,
        message: `"${worktree}" found on the active colour of stack ${stack}; allowed: an image pinned by digest, but on dev and dev-…`,
      },
    ];
  },

  function othersImagesArePinned({ prometheus, alerting, grafana, autoscaling, logging }, stack) {
    if (isDevelopmentStack(stack)) return [];
    const { metricsServer, prometheusAdapter } = autoscaling?.enabled ? autoscaling : {};
    const scaling = Object.entries({ metricsServer, prometheusAdapter }).map(([part, group]) => ({
      key: `autoscaling.${part}`,
      image: group?.from === "stack" ? group.image : undefined,
    }));
    const { elasticsearch, filebeat, kibana } = logging?.enabled ? logging : {};
    const logs = Object.entries({ elasticsearch, filebeat, kibana: kibana?.enabled ? kibana : undefined }).map(([part, group]) => ({
      key: `logging.${part}`,
      image: group?.image,
    }));
    const looking = Object.entries({ prometheus, alerting, grafana }).map(([key, group]) => ({ key, image: group?.enabled ? group.image : undefined }));
    return [...looking, ...scaling, ...logs].flatMap(({ key, image }) =>
      image === undefined || image.includes("@")
        ? []
        : [
            {
              key: `${key}.image`,
              message: `"${image}" found on stack ${stack}; allowed: with a digest (${image}@sha256:<64 hexadecimal digits>), but on dev and dev-…`,
            },
          ],
    );
  },

  function ourImagesHaveARegistry({ images, workers = [], pushRegistry }) {
    if (!images || !pushRegistry || pushRegistry.server) return [];
    const wanted = [
      ...(["blue", "green", "worker"] as const).map((part) => [`images.${part}`, images[part]] as const),
      ...workers.flatMap(({ image }, index) => (image === undefined ? [] : [[`workers[${index}].image`, image] as const])),
    ];
    const homeless = wanted.filter(([, image]) => !image.includes("/"));
    if (homeless.length === 0) return [];
    const parts = homeless.map(([key]) => key).join(", ");
    return [
      {
        key: "pushRegistry.server",
        message: `nothing found; needed for ${parts}; allowed: a registry's host, with a path if it has one`,
      },
    ];
  },
];
