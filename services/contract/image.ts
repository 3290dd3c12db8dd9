/** Where things lie in both images. The files of `services/` are the image's `/app`. */
export const image = {
  /** Every process runs as this user and group; it owns nothing in the image. */
  userId: 10001,
  node: "/usr/local/bin/node",
  configDirectory: "/app/config",
  brokerConfigFile: "/app/config/broker.conf",
  workerConfigFile: "/app/config/worker.conf",
  /** A folder of its own: its content changes while the pods run. */
  activeColorFile: "/app/active/color",
  /** What CURVE needs, which changes as well: the brokers' pairs, whom they admit, and a client's or worker's own keys. */
  curvePairsFile: "/app/curve/pairs",
  curveClientKeysFile: "/app/curve/clients",
  curveWorkerKeysFile: "/app/curve/workers",
  curvePeerFile: "/app/curve/peer",
} as const;

/** Programs of `services/` as seen from `/app`; the same paths work below `services/` in a checkout. */
export const programs = {
  broker: "broker/main.ts",
  worker: "worker/main.ts",
  client: "client/main.ts",
  healthcheck: "healthcheck/main.ts",
} as const;

/** The arguments that run one of our programs in an image. */
export function command(program: keyof typeof programs, ...args: string[]): string[] {
  return [image.node, `/app/${programs[program]}`, ...args];
}
