/** The policy pack: `pulumi preview --policy-pack infra/policy`. Its rules know nothing of the program. */
import { PolicyPack } from "@pulumi/policy";
import { podRules } from "./pods.ts";
import { objectRules, stackRules } from "./stack.ts";

new PolicyPack("zeromq-stack", {
  enforcementLevel: "mandatory",
  policies: [
    ...[...podRules, ...objectRules].map(({ name, description, check }) => ({
      name,
      description,
      validateResource: ({ type, name: resource, props }: { type: string; name: string; props: Record<string, any> }, report: (message: string) => void) => {
        for (const problem of check({ type, name: resource, props })) report(problem);
      },
    })),
    ...stackRules.map(({ name, description, check }) => ({
      name,
      description,
      validateStack: (
        { resources }: { resources: readonly { type: string; name: string; props: Record<string, any> }[] },
        report: (message: string) => void,
      ) => {
        for (const problem of check(resources)) report(problem);
      },
    })),
  ],
});
