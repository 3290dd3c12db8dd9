import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { resolveEndpoint } from "../../services/transport/resolve.ts";
import { watchNames } from "../../services/transport/watch-names.ts";

vi.mock("../../services/transport/resolve.ts", () => ({ resolveEndpoint: vi.fn<(endpoint: string) => Promise<string[]>>() }));
const resolve = vi.mocked(resolveEndpoint);

beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
});

test("a change of a name's addresses is told within two seconds; a name server that stumbles takes none away, and is told once", async () => {
  const told: string[][] = [];
  const problems: string[] = [];
  resolve.mockResolvedValue(["tcp://10.0.0.1:5556"]);
  const watch = watchNames(["tcp://brokers:5556"], { onAddresses: (addresses) => told.push(addresses), onProblem: (_, reason) => problems.push(reason) });
  await vi.advanceTimersByTimeAsync(0);
  expect(told).toEqual([["tcp://10.0.0.1:5556"]]);
  resolve.mockResolvedValue(["tcp://10.0.0.1:5556", "tcp://10.0.0.2:5556"]);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(told.at(-1)).toEqual(["tcp://10.0.0.1:5556", "tcp://10.0.0.2:5556"]);
  resolve.mockRejectedValue(Object.assign(new Error("the name server does not answer"), { code: "EAI_AGAIN" }));
  await vi.advanceTimersByTimeAsync(6_000);
  expect(told.at(-1)).toEqual(["tcp://10.0.0.1:5556", "tcp://10.0.0.2:5556"]);
  expect(problems).toEqual(["EAI_AGAIN"]);
  resolve.mockResolvedValue(["tcp://10.0.0.2:5556"]);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(told.at(-1)).toEqual(["tcp://10.0.0.2:5556"]);
  watch.close();
  const looks = resolve.mock.calls.length;
  await vi.advanceTimersByTimeAsync(10_000);
  expect(resolve.mock.calls.length).toBe(looks);
});
