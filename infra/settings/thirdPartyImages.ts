/** Third-party images, without the registry that they come from; on a machine that cannot pull them `local/` makes what it can. */
export const thirdPartyImages = {
  prometheus: "prom/prometheus:v3.13.4",
  alertmanager: "prom/alertmanager:v0.31.1",
  grafana: "grafana/grafana:12.1.1",
} as const;

export type ThirdParty = keyof typeof thirdPartyImages;
