import { imagesInUse } from "../infra/settings/imagesInUse.ts";
import type { ThirdParty } from "../infra/settings/thirdPartyImages.ts";
import { choose } from "./cluster/choice.ts";
import { environment } from "./environment.ts";
import { Failure } from "./failure.ts";
import { look } from "./found.ts";
import { ownDockerHost } from "./images/docker.ts";
import { ensureThirdPartyImages, missingImages } from "./images/thirdParty.ts";
import { locked } from "./lock.ts";
import { agree } from "./packages.ts";
import { plan, type Plan } from "./plan.ts";
import { program } from "./program.ts";
import { provisions } from "./provide.ts";
import { demonstrate, requestCommand } from "./request.ts";
import { perform, type Step } from "./steps.ts";
import { outputs, selectStack, settingsOf, update, withoutMonitoring, type Outputs } from "./stack.ts";

const usage = `npm run up [-- --yes]

Brings the dev stack up on this machine, from whatever it has, and sends a request through it.

  --yes   install missing Debian packages without asking`;

async function up(yes: boolean): Promise<void> {
  const start = performance.now();
  const found = await look();
  const decided = plan(found);
  console.log(table(decided));
  if (decided.obstacles.length > 0) throw new Failure(decided.obstacles.join("\n"));
  if (!yes) await agree(decided.packages);

  choose(found.context, decided.cluster);
  let result: Outputs | undefined;
  let answer = "";
  let missing: ThirdParty[] = [];
  const ownRegistry = decided.cluster !== "context";
  const steps: Step[] = [
    ...provisions(found, decided),
    {
      title: "Stack",
      run: async (say) => {
        const current = environment(decided); // the plugins are known only now
        await selectStack(current);
        if (ownRegistry) missing = await missingImages(imagesInUse(await settingsOf(current)));
        // A kind cluster can be deleted and made anew without the stack's state hearing of it.
        const refresh = decided.cluster === "kind" ? ["--refresh"] : [];
        const changes = await update("up", current, say, [...refresh, ...(missing.length > 0 ? withoutMonitoring : [])]);
        result = await outputs(current);
        return changes;
      },
    },
    {
      title: "Request",
      run: async () => {
        const start = performance.now();
        answer = await demonstrate(result!, environment(decided));
        return `answered in ${Math.round(performance.now() - start)} ms, kubectl exec included`;
      },
    },
  ];
  if (ownRegistry) {
    // What a request does not need, and images that take long, come after the first one's answer.
    steps.push(
      {
        title: "Third-party images",
        run: async (say) => {
          if (missing.length === 0) return "present";
          const wanted = imagesInUse(await settingsOf(environment(decided)));
          const lacking = await ensureThirdPartyImages(wanted, found.docker ?? ownDockerHost, say);
          if (lacking.length === 0) return `put into the registry: ${missing.join(", ")}`;
          throw new Failure(`the stack answers, but what looks at it is left out: no image can be had here of ${lacking.join(", ")}`, {
            todo: "Switch off what needs it in Pulumi.dev.yaml, then run it again.",
          });
        },
      },
      {
        title: "Stack with all parts",
        run: async (say) => (missing.length === 0 ? "complete already" : update("up", environment(decided), say)),
      },
    );
  }
  const took = await perform(steps);
  console.log(summary(result!, answer, took, (performance.now() - start) / 1000));
}

function table({ rows }: Plan): string {
  const width = (key: "part" | "found") => Math.max(...rows.map((row) => row[key].length), key.length);
  const line = (part: string, found: string, planned: string) => `  ${part.padEnd(width("part"))}  ${found.padEnd(width("found"))}  ${planned}`;
  return ["", line("part", "found", "plan"), ...rows.map((row) => line(row.part, row.found, row.plan)), ""].join("\n");
}

function summary(result: Outputs, answer: string, took: ReadonlyMap<string, number>, seconds: number): string {
  const endpoints = Object.entries(result.endpoints).map(([name, url]) => `  ${name.padEnd(16)}${url}`);
  const times = [...took].map(([title, time]) => `  ${title.padEnd(20)}${time.toFixed(1).padStart(7)} s`);
  return [
    "",
    answer,
    "",
    "Endpoints",
    ...endpoints,
    "",
    "Try next",
    '  eval "$(npm run --silent env)"    prepares this shell for pulumi, kubectl and docker',
    "  pulumi stack output               what is deployed",
    `  kubectl get pods -n ${result.namespace}`,
    `  echo hello | ${requestCommand(result, "echo").join(" ")}`,
    "  npm run down                      destroys the stack; `-- --all` also ends what was started for it",
    "",
    "Time",
    ...times,
    `  ${"in all".padEnd(20)}${seconds.toFixed(1).padStart(7)} s`,
  ].join("\n");
}

await program(usage, ["yes"], ({ yes }) => locked(() => up(yes)));
