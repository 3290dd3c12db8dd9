import { mkdirSync } from "node:fs";
import { environment } from "./environment.ts";
import { look } from "./found.ts";
import { paths } from "./paths.ts";
import { plan } from "./plan.ts";
import { pluginsAreKnown } from "./plugins.ts";
import { program } from "./program.ts";

const usage = `eval "$(npm run --silent env)"

Prepares a shell for the plain commands: pulumi, kubectl and docker.`;

await program(usage, [], async () => {
  const variables = environment(plan(await look()));
  if (!pluginsAreKnown()) console.error("`npm run up` has not run here yet: some programs may be missing.");
  mkdirSync(paths.pulumiBackend, { recursive: true }); // Pulumi does not make it
  for (const [name, value] of Object.entries(variables)) console.log(`export ${name}='${value.replaceAll("'", `'\\''`)}'`);
});
