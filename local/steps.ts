import { Listr, PRESET_TIMER } from "listr2";
import { goOn } from "./interruption.ts";

/** What a step says while it works: a line that is replaced by the next one. */
export type Say = (line: string) => void;

export interface Step {
  readonly title: string;
  /** Returns a word on what it did, shown behind the title. */
  run(say: Say): Promise<string>;
}

/** A live line on a terminal; in a log, a sign of life. */
const showEveryMs = process.stdout.isTTY ? 250 : 60_000;

/** Performs numbered steps one after the other and returns the seconds that each took. */
export async function perform(steps: readonly Step[]): Promise<ReadonlyMap<string, number>> {
  const took = new Map<string, number>();
  const tasks = steps.map(({ title, run }, index) => ({
    title: `${index + 1}/${steps.length} ${title}`,
    task: async (_: unknown, task: { title: string; output: string }) => {
      goOn();
      const start = performance.now();
      const seconds = () => (performance.now() - start) / 1000;
      let latest = "";
      const show = () => (task.output = `${seconds().toFixed(0)} s  ${latest}`);
      const timer = setInterval(show, showEveryMs);
      try {
        task.title += `: ${await run((line) => (latest = line))}`;
      } catch (error) {
        goOn(); // what an interrupted command says of itself is no news
        throw error;
      } finally {
        clearInterval(timer);
        took.set(title, seconds());
      }
    },
  }));
  await new Listr(tasks, {
    registerSignalListeners: false,
    rendererOptions: { showErrorMessage: false, timer: PRESET_TIMER },
    fallbackRenderer: "simple",
    fallbackRendererOptions: { timer: PRESET_TIMER },
  }).run();
  return took;
}
