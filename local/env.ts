import { environment } from "./environment.ts";
import { look } from "./found.ts";
import { plan } from "./plan.ts";
import { pluginsAreKnown } from "./plugins.ts";

if (!pluginsAreKnown()) console.error("`npm run up` has not run here yet: some programs may be missing.");

/** `eval "$(npm run --silent env)"` prepares a shell for the plain commands. */
for (const [name, value] of Object.entries(environment(plan(await look())))) {
  console.log(`export ${name}='${value.replaceAll("'", `'\\''`)}'`);
}
