import { parser } from "@prometheus-io/lezer-promql";
import { labelValues, series } from "./known.ts";

/** What is wrong with a query: what a parser of Prometheus' language, or one who knows what there is, would say. */
export function problemsOf(query: string): string[] {
  const problems: string[] = [];
  const asked = new Set<string>();
  const grouped: string[] = [];
  let selected: string | undefined;
  let label = "";
  const text = ({ from, to }: { from: number; to: number }): string => query.slice(from, to);
  parser.parse(query).iterate({
    enter(node) {
      if (node.type.isError) problems.push(`it cannot be read from "${query.slice(node.from, node.from + 20)}" on`);
      if (node.name === "Identifier") {
        selected = text(node);
        asked.add(selected);
        if (!series.has(selected)) problems.push(`there is no metric ${selected}`);
      } else if (node.name === "LabelName" && node.node.parent?.name === "GroupingLabels") {
        grouped.push(text(node));
      } else if (node.name === "LabelName") {
        label = text(node);
        if (selected !== undefined && series.get(selected)?.includes(label) === false) problems.push(`${selected} has no label ${label}`);
      } else if (node.name === "StringLiteral" && node.node.parent?.name.endsWith("LabelMatcher")) {
        for (const value of text(node).slice(1, -1).split("|")) {
          if (labelValues[label]?.includes(value) === false) problems.push(`${label} is never ${value}`);
        }
      }
    },
  });
  const had = [...asked].flatMap((name) => series.get(name) ?? []);
  for (const name of grouped) if (!had.includes(name)) problems.push(`nothing in it has the label ${name}`);
  return problems;
}
