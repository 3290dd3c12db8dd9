// JavaScript, because Pulumi compiles a pack's TypeScript by a compiler of its own; Node runs what this imports as it is.
import "./pack.ts";
