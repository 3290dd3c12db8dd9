import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { yaml } from "../../monitoring/yaml.ts";

/** Writes files into a folder of their own, runs a program there, and tells what it says where it is not content. */
async function problems(program: string, args: readonly string[], files: Record<string, unknown>, from: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "monitoring-"));
  try {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), yaml(content));
    const { failed, all, code } = await execa(program, args, { cwd: folder, all: true, reject: false });
    if (code === "ENOENT") throw new Error(`${program} is not installed: apt-get install ${from}, or npm test, which does it`);
    return failed ? (all ?? "it failed") : "";
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What Prometheus' own checker finds wrong. */
export function promtool(args: readonly string[], files: Record<string, unknown>): Promise<string> {
  return problems("promtool", args, files, "prometheus");
}

/** What Alertmanager's own checker finds wrong. */
export function amtool(args: readonly string[], files: Record<string, unknown>): Promise<string> {
  return problems("amtool", args, files, "prometheus-alertmanager");
}
