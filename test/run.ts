import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { stopAll } from "../local/down.ts";
import { environment } from "../local/environment.ts";
import { Failure } from "../local/failure.ts";
import { ownDockerHost } from "../local/images/docker.ts";
import { ensureThirdPartyImages, makeable } from "../local/images/thirdParty.ts";
import { look, missingPackages } from "../local/found.ts";
import { locked } from "../local/lock.ts";
import { agree, installPackages } from "../local/packages.ts";
import { checkout } from "../local/paths.ts";
import { plan } from "../local/plan.ts";
import { find, stop } from "../local/processes.ts";
import { program } from "../local/program.ts";
import { checkerProvisions, provisions } from "../local/provide.ts";
import { perform, type Step } from "../local/steps.ts";
import { testPackages } from "../local/versions.ts";

const usage = `npm test [-- --skip-e2e] [--yes]

Runs every test, on a cluster that it provides where none is there and removes again.

  --skip-e2e   leave out what needs a cluster
  --yes        install missing Debian packages without asking`;

/** What needs no cluster, in the order in which a mistake shows soonest. */
const withoutCluster = ["unit", "infra", "monitoring", "ci", "standin", "local", "simulation", "integration"];

interface Counts {
  passed: number;
  failed: number;
}

const results = mkdtempSync(join(tmpdir(), "zeromq-stack-test-"));
const counts: Counts = { passed: 0, failed: 0 };

async function vitest(projects: readonly string[], more: readonly string[], env: Record<string, string> = {}): Promise<void> {
  const file = join(results, `${projects[0]}.json`);
  const selected = projects.flatMap((name) => ["--project", name]);
  const report = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
  const { exitCode } = await execa(join(checkout, "node_modules/.bin/vitest"), ["run", ...selected, ...report, ...more], {
    cwd: checkout,
    stdio: "inherit",
    reject: false,
    env: { ...env, PATH: `${join(checkout, "node_modules/.bin")}:${env["PATH"] ?? process.env["PATH"]}` },
  });
  if (!existsSync(file)) throw new Failure(`vitest ended before it had a result for ${projects.join(", ")}`);
  const { numPassedTests, numFailedTests, success } = JSON.parse(readFileSync(file, "utf8")) as {
    numPassedTests: number;
    numFailedTests: number;
    success: boolean;
  };
  counts.passed += numPassedTests;
  counts.failed += numFailedTests;
  if (exitCode !== 0)
    throw new Failure(
      success ? "all tests passed, but not what vitest checks besides: the end of its words says what" : `tests failed: ${projects.join(", ")}`,
    );
}

async function endToEnd(yes: boolean): Promise<void> {
  const found = await look();
  const decided = plan(found);
  const notRun = "the end-to-end tests did not run";
  if (decided.obstacles.length > 0) {
    throw new Failure(`${notRun}, because no cluster can be had here:\n${decided.obstacles.join("\n")}`, {
      todo: "`npm test -- --skip-e2e` runs all else.",
    });
  }
  if (!yes) await agree(decided.packages);
  const wasRunning = find().length > 0;
  try {
    const images: Step = {
      title: "Third-party images",
      run: async (say) => {
        await ensureThirdPartyImages(makeable, found.docker ?? ownDockerHost, say);
        return "present";
      },
    };
    await perform([...provisions(found, decided), ...(decided.cluster === "context" ? [] : [images])]).catch((error: unknown) => {
      console.error(`${notRun}, because their cluster could not be provided:`);
      throw error;
    });
    await vitest(["e2e"], [], environment(decided));
  } finally {
    // What `up` made stays: its cluster if that runs, its files if it sleeps.
    if (decided.cluster !== "context" && found.chosen === undefined) await stopAll(decided.cluster);
    else if (!wasRunning) await stop();
  }
}

/** The checkers of Prometheus and Alertmanager, of manifests and of workflows, and Compose: what they refuse would not start elsewhere. */
async function checkers(yes: boolean): Promise<void> {
  const missing = await missingPackages(testPackages);
  if (missing.length > 0) {
    if (!yes) await agree(missing);
    console.log(await installPackages(missing, () => {}));
  }
  await perform(checkerProvisions());
}

async function checked(tool: string, args: readonly string[], fault: string): Promise<void> {
  const { exitCode } = await execa(join(checkout, "node_modules/.bin", tool), args, { cwd: checkout, stdio: "inherit", reject: false });
  if (exitCode !== 0) throw new Failure(fault);
}

async function everything(skipEndToEnd: boolean, yes: boolean): Promise<void> {
  await checked("tsc", ["--noEmit"], "the types are wrong");
  await checked("biome", ["check"], "what biome says above is to be mended; `npm run format` does it where it can");
  await checkers(yes);
  await vitest(withoutCluster, ["--coverage"]);
  if (skipEndToEnd) console.log("Left out on request: the end-to-end tests.");
  else await locked(() => endToEnd(yes));
}

await program(usage, ["skip-e2e", "yes"], (given) => everything(given["skip-e2e"], given.yes));
rmSync(results, { recursive: true, force: true });
if (counts.passed + counts.failed > 0) console.log(`\n${counts.passed} passed, ${counts.failed} failed`);
