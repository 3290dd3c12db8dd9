import { Listr, PRESET_TIMER } from "listr2";
import { Failure } from "./failure.ts";

/** What a step says while it works: a line that is replaced by the next one. */
export type Say = (line: string) => void;

export interface Step {
  readonly title: string;
  /** Returns a word on what it did, shown behind the title. */
  run(say: Say): Promise<string>;
}

const interruption = new Failure("Interrupted.", { todo: "The same command goes on from here; `npm run down -- --all` removes what was started." });

/** A live line on a terminal; in a log, a sign of life. */
const showEveryMs = process.stdout.isTTY ? 250 : 60_000;

/** Performs numbered steps one after the other and returns the seconds that each took. */
export async function perform(steps: readonly Step[]): Promise<ReadonlyMap<string, number>> {
  const took = new Map<string, number>();
  let interrupted = false;
  const interrupt = () => {
    if (interrupted) process.exit(130);
    interrupted = true; // the running command was interrupted with us: its step fails, and we end in order
  };
  process.on("SIGINT", interrupt);
  const tasks = steps.map(({ title, run }, index) => ({
    title: `${index + 1}/${steps.length} ${title}`,
    task: async (_: unknown, task: { title: string; output: string }) => {
      if (interrupted) throw interruption;
      const start = performance.now();
      const seconds = () => (performance.now() - start) / 1000;
      let latest = "";
      const show = () => (task.output = `${seconds().toFixed(0)} s  ${latest}`);
      const timer = setInterval(show, showEveryMs);
      try {
        task.title += `: ${await run((line) => (latest = line))}`;
      } finally {
        clearInterval(timer);
        took.set(title, seconds());
      }
    },
  }));
  try {
    await new Listr(tasks, {
      registerSignalListeners: false,
      rendererOptions: { showErrorMessage: false, timer: PRESET_TIMER },
      fallbackRenderer: "simple",
      fallbackRendererOptions: { timer: PRESET_TIMER },
    }).run();
  } catch (error) {
    throw interrupted ? interruption : error; // what an interrupted command says of itself is no news
  } finally {
    process.off("SIGINT", interrupt);
  }
  return took;
}
