import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkOutPreviousRelease, installPackages, whyMissing } from "../previousRelease.ts";
import { folder, metricIs, start, startBroker, startWorker } from "./processes.ts";
import type { Running } from "./processes.ts";
import { served } from "./ledgers.ts";

const missing = await whyMissing();
let previous: Awaited<ReturnType<typeof checkOutPreviousRelease>>;

/** Whose release a program is of: while an upgrade is under way there are brokers, workers and clients of both. */
type Release = "this" | "previous";
const of = (release: Release): string | undefined => (release === "previous" ? join(previous.directory, "services") : undefined);

const work = { SERVICE: "work", WORKER_CONCURRENCY: "16" };

/** A load of the service `work` by our client. */
function load(release: Release, frontends: readonly string[], ...howLong: string[]): Running {
  const mix = ["--work-ms", "1-20", "--parts-percent", "30", "--concurrency", "8", "--timeout-ms", "60000"];
  return start("client", {}, ["load", "--json", "--service", "work", "--address", frontends.join(","), ...mix, ...howLong], undefined, "", of(release));
}

async function expectNothingLost(client: Running): Promise<void> {
  expect(await client.exit, client.errors()).toBe(0);
  const report = JSON.parse(client.output().toString()) as { sent: number };
  expect(report).toMatchObject({ replied: report.sent, failed: {}, duplicated: 0, wrong: 0 });
  expect(report.sent).toBeGreaterThan(100);
}

describe.skipIf(missing !== undefined)("this release and the one before it", () => {
  beforeAll(async () => {
    previous = await checkOutPreviousRelease("services");
    await installPackages(previous.directory, "services");
  });
  afterAll(() => previous.remove());

  test.each<[Release, Release, Release]>([
    ["previous", "this", "this"],
    ["previous", "this", "previous"],
    ["previous", "previous", "this"],
    ["this", "previous", "previous"],
    ["this", "previous", "this"],
    ["this", "this", "previous"],
  ])("work together: a broker of %s, a worker of %s and a client of %s release", async (broker, worker, client) => {
    const running = await startBroker({}, "", of(broker));
    await startWorker([running], work, of(worker));
    await expectNothingLost(load(client, [running.frontend], "--count", "300"));
  });

  test("change places under load as active colour, there and back, and workers and clients of both follow", async () => {
    const file = join(folder(), "active");
    // Swapped in one step, as the kubelet does.
    const activate = (color: string): void => {
      writeFileSync(`${file}.next`, color);
      renameSync(`${file}.next`, file);
    };
    activate("blue");
    const blue = await startBroker({ COLOR: "blue", ACTIVE_COLOR_FILE: file }, "", of("previous"));
    const green = await startBroker({ COLOR: "green", ACTIVE_COLOR_FILE: file });
    await startWorker([blue, green], work, of("previous"));
    await startWorker([blue, green], work);
    const clients = (["previous", "this"] as const).map((release) => load(release, [blue.frontend, green.frontend], "--duration-seconds", "600"));
    await served(blue, 100);
    for (const [color, active, standby] of [
      ["green", green, blue],
      ["blue", blue, green],
    ] as const) {
      activate(color);
      await metricIs(standby.ports.metrics, 'zeromq_role{role="standby"', 1);
      await metricIs(standby.ports.metrics, 'zeromq_active_connections{side="frontend"', 0);
      await served(active, 100);
    }
    blue.process.kill("SIGTERM");
    expect(await blue.exit, blue.errors()).toBe(0);
    await served(green, 100);
    for (const client of clients) {
      client.process.kill("SIGINT");
      await expectNothingLost(client);
    }
  });
});
