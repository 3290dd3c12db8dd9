import { homedir } from "node:os";
import { join } from "node:path";

/** The two folders outside the checkout that are ours, after the XDG Base Directory Specification. Go and npm keep caches of their own. */
const cacheHome = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
const stateHome = process.env["XDG_STATE_HOME"] ?? join(homedir(), ".local", "state");

export const checkout = join(import.meta.dirname, "..");

export const paths = {
  /** What is built once for each version; kept by `down --all`. */
  cache: join(cacheHome, "zeromq-stack"),
  /** What runs and what it stores; gone after `down --all`. */
  state: join(stateHome, "zeromq-stack"),
  logs: join(stateHome, "zeromq-stack", "logs"),
  kubeconfig: join(stateHome, "zeromq-stack", "kubeconfig"),
  pulumiBackend: join(stateHome, "zeromq-stack", "pulumi"),
  dockerSocket: join(stateHome, "zeromq-stack", "docker.sock"),
} as const;
