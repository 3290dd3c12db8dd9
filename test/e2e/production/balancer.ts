import { names } from "../../../services/contract/names.ts";
import type { TestStack } from "../stack.ts";

/** Of the range for documentation (RFC 5737): nobody's. */
export const balancerAddress = "192.0.2.10";

/** Gives the public Service an address as soon as it is there, as a cloud does; kube-proxy makes it lead to the brokers. */
export async function asCloudDoes(stack: TestStack): Promise<void> {
  const service = `service/${names.publicService}`;
  const status = JSON.stringify({ status: { loadBalancer: { ingress: [{ ip: balancerAddress }] } } });
  const steps = [
    ["wait", "--for=create", service, "--timeout=400s"],
    ["patch", service, "--subresource=status", "--type=merge", "--patch", status],
  ];
  for (const step of steps) {
    const { exitCode, text } = await stack.kubectl(step);
    if (exitCode !== 0) throw new Error(text);
  }
}
