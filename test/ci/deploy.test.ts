import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, expect, it } from "vitest";
import { checkout } from "../../local/paths.ts";

let directory: string;
/** Pulumi, as far as it is told what to do: an update needs a cluster. */
function pulumiEndsWith(exitCode: number): void {
  writeFileSync(
    join(directory, "pulumi"),
    `#!${process.execPath}\nrequire("node:fs").writeFileSync(${JSON.stringify(join(directory, "told"))}, process.argv.slice(2).join(" "));\nprocess.exit(${exitCode});\n`,
  );
  chmodSync(join(directory, "pulumi"), 0o755);
}
const deploy = (...args: string[]) =>
  execa(process.execPath, ["ci/deploy.ts", ...args], { cwd: checkout, reject: false, extendEnv: false, env: { PATH: directory } });
const told = (): string | undefined => (existsSync(join(directory, "told")) ? readFileSync(join(directory, "told"), "utf8") : undefined);

beforeEach(() => void (directory = mkdtempSync(join(tmpdir(), "zeromq-stack-deploy-"))));
afterEach(() => rmSync(directory, { recursive: true }));

it("a deployment is an update of the stack under the policy pack", async () => {
  pulumiEndsWith(0);
  expect(await deploy("staging")).toMatchObject({ exitCode: 0 });
  expect(told()).toBe("up --yes --stack staging --policy-pack infra/policy --non-interactive");
});

it("a deployment whose update fails has failed", async () => {
  pulumiEndsWith(255);
  expect(await deploy("staging")).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("The update of staging failed") });
});

it.each([[[]], [["nowhere"]], [["dev", "prod"]]])("deploys nothing when it is told %j", async (args) => {
  pulumiEndsWith(0);
  expect(await deploy(...args)).toMatchObject({ exitCode: 1 });
  expect(told()).toBeUndefined();
});

it("a missing pulumi is named", async () => {
  expect((await deploy("dev")).stderr).toContain("pulumi is not on PATH");
});
