import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { chooseContext } from "../../local/standin/kubernetes/cluster.ts";

const directory = mkdtempSync(join(tmpdir(), "standin-"));
afterAll(() => rmSync(directory, { recursive: true }));

const kubeconfig = (name: string, server: string) =>
  JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": name,
    clusters: [{ name, cluster: { server } }],
    users: [{ name, user: { token: "t" } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
  });
function file(name: string): string {
  const path = join(directory, name);
  writeFileSync(path, kubeconfig(name, `https://${name}`));
  return path;
}
const server = (settings: object, environment: NodeJS.ProcessEnv) => chooseContext(settings, environment).getCurrentCluster()!.server;

describe("the context", () => {
  const environment = { KUBECONFIG: `${file("production")}:${file("dev")}` };

  test("that is asked for is used, whichever is current", () => expect(server({ context: "dev" }, environment)).toBe("https://dev"));
  test("is the first file's current one when none is asked for", () => expect(server({}, environment)).toBe("https://production"));
  test("that does not exist is an error that names it and the ones there are, never another context", () =>
    expect(() => server({ context: "nowhere" }, environment)).toThrow(/"nowhere".*production, dev/));
  test("is looked for in the given kubeconfig only", () => {
    expect(server({ kubeconfig: kubeconfig("given", "https://given") }, environment)).toBe("https://given");
    expect(() => server({ kubeconfig: kubeconfig("given", "https://given"), context: "dev" }, environment)).toThrow(/"dev"/);
  });
  test("is not invented when there is no kubeconfig", () =>
    expect(() => server({}, { KUBECONFIG: join(directory, "absent") })).toThrow(/there is no kubeconfig/));
});
