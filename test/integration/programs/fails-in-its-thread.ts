import { isMainThread } from "node:worker_threads";

/** Loaded before a worker: the thread of its connections meets a fault. */
if (!isMainThread) {
  setTimeout(() => {
    throw new Error("a fault of the thread");
  }, 500);
}
