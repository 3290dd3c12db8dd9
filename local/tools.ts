import { appendFileSync } from "node:fs";
import { look } from "./found.ts";
import { locked } from "./lock.ts";
import { plan } from "./plan.ts";
import { standInFolders } from "./plugins.ts";
import { program } from "./program.ts";
import { pulumiProvisions } from "./provide.ts";
import { perform } from "./steps.ts";
import { pulumiFolder } from "./toolchain/pulumi.ts";

const usage = `npm run tools

Provides the Pulumi CLI and its plugins where the machine has none: enough for previews, and for updates of a cluster that is not ours.`;

await program(usage, [], () =>
  locked(async () => {
    const found = await look();
    const decided = plan(found);
    await perform(pulumiProvisions(found, decided));
    const folders = [...(decided.pulumi === "provide" ? [pulumiFolder()] : []), ...standInFolders()];
    // Where a step of GitHub Actions leaves what the next ones find on PATH.
    const path = process.env["GITHUB_PATH"];
    if (path !== undefined) appendFileSync(path, folders.map((folder) => `${folder}\n`).join(""));
    else console.log('\nFor this shell: eval "$(npm run --silent env)"');
  }),
);
