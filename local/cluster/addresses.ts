/**
 * The local node's network. The node and this machine meet on a /30 of the benchmarking range (RFC 2544), which no
 * company network routes; the other two ranges exist inside the node's network namespace only.
 */
export const addresses = {
  link: "zeromq-stack",
  host: "198.18.255.1",
  node: "198.18.255.2",
  prefixLength: 30,
  pods: "10.244.0.0/16",
  services: "10.96.0.0/16",
  apiPort: 6443,
  registryPort: 5001,
} as const;

export const nodeName = "zeromq-stack";
