import type { Found } from "../services/client/every-broker.ts";
import { command as programOf } from "../services/contract/image.ts";
import { colors, names } from "../services/contract/names.ts";
import { ports } from "../services/contract/ports.ts";
import { output, Refusal } from "./command.ts";
import type { Outputs } from "./stack.ts";

/** What every broker says of itself, asked from inside of the cluster, through a pod of either colour: one of them may have none. */
export async function brokers({ kubeContext, namespace }: Pick<Outputs, "kubeContext" | "namespace">): Promise<Found[]> {
  const ask = programOf("client", "status", "--each", "--json", "--address", `tcp://${names.headlessService}:${ports.frontend}`);
  let reason: unknown;
  for (const color of colors) {
    const pod = ["--context", kubeContext, "--namespace", namespace, "exec", `deployment/${names.brokerDeployment(color)}`];
    try {
      return JSON.parse(await output("kubectl", [...pod, "--", ...ask])) as Found[];
    } catch (error) {
      reason = error;
    }
  }
  throw new Refusal(`no broker can be asked: ${(reason as Error).message}`);
}
