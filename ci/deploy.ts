/** `npm run ci:deploy`: updates a stack of this checkout, under the policy pack. */
import { checkout, command, Refusal } from "./command.ts";
import { shown } from "../operations/command.ts";
import { stacksOf } from "./stacks.ts";

const usage = `npm run ci:deploy -- STACK

Updates the stack, under the policy pack. Where its state and its secrets are is Pulumi's own business: PULUMI_BACKEND_URL or
PULUMI_ACCESS_TOKEN, and the stack's secrets provider. The cluster is the context that its setting kubeContext names.`;

await command(usage, [], async ({ words: [stack, ...more] }) => {
  const stacks = stacksOf(checkout);
  if (stack === undefined || more.length > 0) throw new Refusal(usage);
  if (!stacks.includes(stack)) throw new Refusal(`there is no stack ${stack}; there are ${stacks.join(", ")}`);
  const how = ["--stack", stack, "--policy-pack", "infra/policy", "--non-interactive"];
  if (!(await shown("pulumi", ["up", "--yes", ...how])))
    throw new Refusal(`\nThe update of ${stack} failed. What it had not done yet is done by the next one.`);
});
