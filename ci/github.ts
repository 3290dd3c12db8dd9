/** A repository at GitHub, and who asks. */
export interface Repository {
  /** `https://api.github.com`, or a company's own. */
  readonly api: string;
  /** `owner/name` */
  readonly name: string;
  readonly token: string;
}

/** GitHub refused, or did not answer. */
export class GitHubError extends Error {}

const timeoutMs = 30_000;
const perPage = 100;

/** From the variables that GitHub Actions sets, and a token from GITHUB_TOKEN. */
export function repositoryFrom(env: Readonly<Record<string, string | undefined>>): Repository {
  const missing = ["GITHUB_REPOSITORY", "GITHUB_TOKEN"].filter((name) => !env[name]);
  if (missing.length > 0) throw new GitHubError(`${missing.join(" and ")} must be set`);
  return { api: (env["GITHUB_API_URL"] || "https://api.github.com").replace(/\/$/, ""), name: env["GITHUB_REPOSITORY"]!, token: env["GITHUB_TOKEN"]! };
}

/** Makes the comment that holds the marker say this; there is one, however often it is told. */
export async function comment(repository: Repository, pullRequest: number, marker: string, body: string): Promise<"posted" | "updated" | "as before"> {
  const own = await found(repository, pullRequest, marker);
  if (own?.body === body) return "as before";
  if (own === undefined) await asked(repository, "POST", `issues/${pullRequest}/comments`, { body });
  else await asked(repository, "PATCH", `issues/comments/${own.id}`, { body });
  return own === undefined ? "posted" : "updated";
}

interface Comment {
  readonly id: number;
  readonly body?: string;
  readonly user?: { readonly type?: string } | null;
}

async function found(repository: Repository, pullRequest: number, marker: string): Promise<Comment | undefined> {
  for (let page = 1; ; page += 1) {
    const comments = (await asked(repository, "GET", `issues/${pullRequest}/comments?per_page=${perPage}&page=${page}`)) as Comment[];
    // Somebody may have quoted ours.
    const own = comments.find(({ body, user }) => body?.startsWith(marker) === true && user?.type === "Bot");
    if (own !== undefined || comments.length < perPage) return own;
  }
}

/**
 * The number of the open pull request that a commit is the head of. A run that a fork's pull request started does not say which one it
 * was, and what the run itself says can't be believed.
 */
export async function pullRequestOf(
  repository: Repository,
  head: { readonly owner: string; readonly branch: string; readonly sha: string },
): Promise<number | undefined> {
  const query = new URLSearchParams({ state: "open", head: `${head.owner}:${head.branch}`, per_page: String(perPage) });
  const open = (await asked(repository, "GET", `pulls?${query}`)) as { number: number; head: { sha: string } }[];
  return open.find((one) => one.head.sha === head.sha)?.number;
}

async function asked({ api, name, token }: Repository, method: string, path: string, body?: object): Promise<unknown> {
  const url = `${api}/repos/${name}/${path}`;
  const answer = await fetch(url, {
    method,
    headers: {
      accept: "application/vnd.github+json",
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      "x-github-api-version": "2022-11-28",
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(timeoutMs),
  }).catch((error: unknown) => {
    throw new GitHubError(`${method} ${url}: ${(error as Error).message}`, { cause: error });
  });
  if (!answer.ok) throw new GitHubError(`${method} ${url}: ${answer.status} ${(await answer.text()).slice(0, 500)}`);
  return answer.json();
}
