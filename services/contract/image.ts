/** Where things lie in both images. The files of `services/` are the image's `/app`. */
export const image = {
  /** Every process runs as this user and group; it owns nothing in the image. */
  userId: 10001,
  node: "/usr/local/bin/node",
  configDirectory: "/app/config",
  brokerConfigFile: "/app/config/broker.conf",
  workerConfigFile: "/app/config/worker.conf",
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
