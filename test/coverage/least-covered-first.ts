import { relative } from "node:path";
import { checkout } from "../../local/paths.ts";

interface Share {
  readonly covered: number;
  readonly total: number;
  readonly pct: number;
}
type Summary = Readonly<Record<"statements" | "lines" | "branches" | "functions", Share>>;

interface File {
  readonly path: string;
  readonly statementMap: Readonly<Record<string, { readonly start: { readonly line: number } }>>;
  /** How often each ran. */
  readonly s: Readonly<Record<string, number>>;
}

/** What vitest gives to a report, as far as this one reads it. */
interface Measured {
  getTree(kind: "flat"): {
    getRoot(): { getCoverageSummary(): Summary; getChildren(): { getCoverageSummary(): Summary; getFileCoverage(): File }[] };
  };
}

const shown = 40;

/** The files with statements that nothing ran, and where those are. A class, and a default export, because that is what vitest loads. */
export default class LeastCoveredFirst {
  execute(measured: Measured): void {
    const root = measured.getTree("flat").getRoot();
    const files = root
      .getChildren()
      .map((node) => ({ file: node.getFileCoverage(), statements: node.getCoverageSummary().statements }))
      .filter(({ statements }) => statements.covered < statements.total)
      .sort((one, other) => one.statements.pct - other.statements.pct || other.statements.total - one.statements.total);
    const some = files.length > shown ? `, the first ${shown} of ${files.length}` : "";
    console.log(`\nStatements that no test ran, least covered files first${some} (coverage/index.html shows them all):`);
    for (const { statements, file } of files.slice(0, shown)) {
      console.log(`${statements.pct.toFixed(0).padStart(5)} %  ${relative(checkout, file.path)}:${spans(missed(file))}`);
    }
    const { statements, lines, branches, functions } = root.getCoverageSummary();
    console.log(`\nCovered: ${statements.pct} % of statements, ${lines.pct} % of lines, ${branches.pct} % of branches, ${functions.pct} % of functions`);
  }
}

function missed({ statementMap, s }: File): number[] {
  return Object.entries(statementMap).flatMap(([statement, { start }]) => (s[statement] === 0 ? [start.line] : []));
}

/** 3, 4, 5, 9 → "3-5,9" */
function spans(lines: readonly number[]): string {
  const found: [number, number][] = [];
  for (const line of [...new Set(lines)].sort((one, other) => one - other)) {
    const last = found.at(-1);
    if (last !== undefined && last[1] === line - 1) last[1] = line;
    else found.push([line, line]);
  }
  return found.map(([first, last]) => (first === last ? first : `${first}-${last}`)).join(",");
}
