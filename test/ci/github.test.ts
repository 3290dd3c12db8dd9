import { createServer, type Server } from "node:http";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { execa } from "execa";
import { comment, GitHubError, pullRequestOf, repositoryFrom } from "../../ci/github.ts";
import { marker } from "../../ci/text.ts";
import { checkout } from "../../local/paths.ts";

interface Comment {
  readonly id: number;
  body: string;
  readonly user: { readonly type: string };
}

/** As much of GitHub as is asked: comments of an issue in pages, and open pull requests. */
let comments: Comment[];
let open: { number: number; head: { sha: string } }[];
let asked: { method: string; url: string; authorization: string | undefined }[];
let server: Server;
let api: string;

beforeEach(async () => {
  [comments, open, asked] = [[], [], []];
  server = createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    const url = new URL(request.url!, "http://localhost");
    asked.push({ method: request.method!, url: request.url!, authorization: request.headers.authorization });
    const answer = (status: number, body: unknown) => response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    if (request.headers.authorization !== "Bearer right") return answer(403, { message: "Resource not accessible by integration" });
    if (url.pathname === "/repos/me/stack/issues/7/comments" && request.method === "GET") {
      const [page, size] = [Number(url.searchParams.get("page")), Number(url.searchParams.get("per_page"))];
      return answer(200, comments.slice((page - 1) * size, page * size));
    }
    if (url.pathname === "/repos/me/stack/issues/7/comments" && request.method === "POST") {
      comments.push({ id: 1000 + comments.length, body: JSON.parse(text).body, user: { type: "Bot" } });
      return answer(201, comments.at(-1));
    }
    const [, id] = /^\/repos\/me\/stack\/issues\/comments\/(\d+)$/.exec(url.pathname) ?? [];
    if (id !== undefined && request.method === "PATCH") {
      const own = comments.find((one) => one.id === Number(id))!;
      own.body = JSON.parse(text).body;
      return answer(200, own);
    }
    if (url.pathname === "/repos/me/stack/pulls") return answer(200, url.searchParams.get("head") === "them:fix" ? open : []);
    return answer(404, { message: "Not Found" });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  api = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
});
afterEach(() => new Promise((resolve) => server.close(resolve)));

const repository = () => ({ api, name: "me/stack", token: "right" });
const said = (count: number): Comment[] => Array.from({ length: count }, (_, id) => ({ id, body: `comment ${id}`, user: { type: "User" } }));

describe("a pull request's comment", () => {
  it("is posted once, updated afterwards, and left alone when nothing changed", async () => {
    comments = said(3);
    expect(await comment(repository(), 7, marker, `${marker} one`)).toBe("posted");
    expect(await comment(repository(), 7, marker, `${marker} two`)).toBe("updated");
    expect(await comment(repository(), 7, marker, `${marker} two`)).toBe("as before");
    expect(comments.map(({ body }) => body)).toEqual(["comment 0", "comment 1", "comment 2", `${marker} two`]);
    expect(asked.filter(({ method }) => method !== "GET")).toHaveLength(2);
  });

  it("is found however many came before it", async () => {
    comments = [...said(250), { id: 999, body: `${marker} old`, user: { type: "Bot" } }];
    expect(await comment(repository(), 7, marker, `${marker} new`)).toBe("updated");
    expect(comments).toHaveLength(251);
  });

  it("is not one in which a person quotes it", async () => {
    comments = [{ id: 1, body: `${marker} quoted`, user: { type: "User" } }];
    expect(await comment(repository(), 7, marker, `${marker} ours`)).toBe("posted");
    expect(comments[0]!.body).toBe(`${marker} quoted`);
  });

  it("that GitHub refuses is an error that says what it said", async () => {
    await expect(comment({ ...repository(), token: "wrong" }, 7, marker, marker)).rejects.toThrow(/GET .*issues\/7\/comments.*: 403 .*Resource not accessible/);
    await expect(comment({ ...repository(), api: "http://127.0.0.1:1" }, 7, marker, marker)).rejects.toThrow(GitHubError);
  });
});

it("a fork's pull request is the open one with the run's commit as its head, and no other", async () => {
  open = [
    { number: 6, head: { sha: "a".repeat(40) } },
    { number: 7, head: { sha: "b".repeat(40) } },
  ];
  expect(await pullRequestOf(repository(), { owner: "them", branch: "fix", sha: "b".repeat(40) })).toBe(7);
  expect(await pullRequestOf(repository(), { owner: "them", branch: "fix", sha: "c".repeat(40) })).toBeUndefined();
  expect(await pullRequestOf(repository(), { owner: "me", branch: "fix", sha: "b".repeat(40) })).toBeUndefined();
});

it("what GitHub Actions does not set is named", () => {
  expect(() => repositoryFrom({ GITHUB_REPOSITORY: "me/stack" })).toThrow("GITHUB_TOKEN must be set");
  expect(repositoryFrom({ GITHUB_REPOSITORY: "me/stack", GITHUB_TOKEN: "x" })).toEqual({ api: "https://api.github.com", name: "me/stack", token: "x" });
});

describe("npm run ci:comment", () => {
  const run = (...args: string[]) =>
    execa(process.execPath, ["ci/comment.ts", ...args], {
      cwd: checkout,
      reject: false,
      env: { GITHUB_API_URL: api, GITHUB_REPOSITORY: "me/stack", GITHUB_TOKEN: "right" },
    });

  it("tells a pull request whose run left no previews that there are none", async () => {
    open = [{ number: 7, head: { sha: "b".repeat(40) } }];
    const { exitCode, stdout } = await run(
      "/nowhere/previews.json",
      "/nowhere/base.json",
      "--head",
      `them:fix:${"b".repeat(40)}`,
      "--run",
      "https://example.com/run",
    );
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: "comment of pull request 7: posted" });
    expect(comments[0]!.body).toMatch(/No stack could be previewed[^]*https:\/\/example.com\/run/);
  });

  it("says nothing to nobody when the pull request was closed meanwhile", async () => {
    expect(await run("previews.json", "--head", `them:fix:${"b".repeat(40)}`)).toMatchObject({
      exitCode: 0,
      stdout: "no open pull request has this head any more",
    });
    expect(comments).toEqual([]);
  });

  it.each([
    [["previews.json"]],
    [["previews.json", "--pull-request", "7", "--head", "a:b:c"]],
    [["previews.json", "--head", "them:fix"]],
    [["previews.json", "--pull-request", "seven"]],
  ])("refuses %j", async (args) => {
    expect((await run(...args)).exitCode).toBe(1);
    expect(comments).toEqual([]);
  });
});
