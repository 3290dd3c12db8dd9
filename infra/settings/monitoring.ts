import { resources } from "./resources.ts";
import { imageForm } from "./repository.ts";
import { thirdPartyImages } from "./thirdPartyImages.ts";
import { flag, group, text, wholeNumber } from "./values.ts";

/** A third-party image, without the registry that it comes from. */
export const thirdPartyImage = (part: keyof typeof thirdPartyImages) =>
  text(imageForm, "a repository with a tag, with a digest too if need be, without a registry")
    .default(thirdPartyImages[part])
    .describe("The image, as imageRegistry has it.");

/** Where a component keeps its data. */
export const volume = (size: string) =>
  group({
    size: text(/^[1-9]\d*(Mi|Gi|Ti)$/, "a size such as 500Mi or 10Gi")
      .default(size)
      .describe('The size of its volume; one that is there is grown first: docs/operations.md, "Grow a volume".'),
    storageClass: text(/^[a-z\d]([-.a-z\d]*[a-z\d])?$/, "a storage class of the cluster")
      .optional()
      .describe("Its storage class; the cluster's own choice where it is not given."),
    temporary: flag().default(false).describe("Without a volume claim: for clusters that provide no volumes. The data goes with the pod."),
  }).prefault({});

/** What collects the metrics. */
export const prometheus = group({
  enabled: flag().default(true).describe("Whether the stack has a Prometheus of its own."),
  image: thirdPartyImage("prometheus"),
  // The rules' shortest window is five minutes, and must hold samples even where some were missed.
  scrapeIntervalSeconds: wholeNumber(5, 60).default(15).describe("Seconds between two looks at each pod."),
  retentionDays: wholeNumber(1, 3650).default(15).describe("Days for which samples are kept, unless the volume is full before."),
  volume: volume("10Gi").describe("Where the samples are."),
  resources: resources({
    requests: { cpu: "100m", memory: "512Mi" },
    limits: { cpu: "1", memory: "1Gi" },
  }).describe("Processor time and memory of Prometheus."),
}).prefault({});

/** What shows them. */
export const grafana = group({
  enabled: flag().default(true).describe("Whether the stack has a Grafana of its own; it needs prometheus.enabled."),
  image: thirdPartyImage("grafana"),
  volume: volume("1Gi").describe("Where what people change in Grafana is."),
  resources: resources({
    requests: { cpu: "50m", memory: "128Mi" },
    limits: { cpu: "500m", memory: "512Mi" },
  }).describe("Processor time and memory of Grafana."),
}).prefault({});
