/** `npm run ci:comment`: tells a pull request what it does to each stack. */
import { existsSync, readFileSync } from "node:fs";
import { command, Refusal } from "./command.ts";
import { comment, pullRequestOf, repositoryFrom } from "./github.ts";
import { type Preview, previewsFrom } from "./previews.ts";
import { commentText, marker, noPreviewsText } from "./text.ts";

const usage = `npm run ci:comment -- PREVIEWS [BASE] (--pull-request NUMBER | --head OWNER:BRANCH:COMMIT) [--run ADDRESS]

Posts the comment, or updates it. PREVIEWS and BASE are what npm run ci:preview wrote, for the change and for the branch that it goes
into; without PREVIEWS the comment says that there are none. Needs GITHUB_REPOSITORY and GITHUB_TOKEN, and GITHUB_API_URL where it is
not GitHub's own.

  --pull-request NUMBER       whose comment it is
  --head OWNER:BRANCH:COMMIT  or: of the open one whose head this is
  --run ADDRESS               where the run can be read`;

function read(file: string | undefined): Preview[] | undefined {
  return file === undefined || !existsSync(file) ? undefined : previewsFrom(readFileSync(file, "utf8"));
}

await command(usage, ["pull-request", "head", "run"], async ({ words: [previews, base], options }) => {
  if (previews === undefined || (options["pull-request"] === undefined) === (options.head === undefined)) throw new Refusal(usage);
  const repository = repositoryFrom(process.env);
  const [, owner, branch, sha] = /^([^:]+):(.+):([0-9a-f]{40})$/.exec(options.head ?? "") ?? [];
  if (options.head !== undefined && sha === undefined) throw new Refusal(`${options.head} is not OWNER:BRANCH:COMMIT`);
  const pullRequest = sha === undefined ? Number(options["pull-request"]) : await pullRequestOf(repository, { owner: owner!, branch: branch!, sha });
  if (pullRequest === undefined) return console.log("no open pull request has this head any more");
  if (!Number.isInteger(pullRequest)) throw new Refusal(`${options["pull-request"]} is no number`);
  const footer = options.run === undefined ? "" : `[The run](${options.run})`;
  const [after, before] = [read(previews), read(base)];
  const text = after === undefined ? noPreviewsText(footer) : commentText(before, after, footer);
  console.log(`comment of pull request ${pullRequest}: ${await comment(repository, pullRequest, marker, text)}`);
});
