/** Loaded before each program that the integration tests start while coverage is measured: Node writes down what ran where a process exits, and nothing where a SIGKILL ends it. */
process.once("SIGUSR2", () => process.exit());
