import { refusedLater } from "../infra/settings/updateChecks.ts";
import { trafficText } from "../infra/specs/trafficText.ts";
import { type Change, changesOf, type Field } from "./changes.ts";
import { failed, type Preview } from "./previews.ts";

/** By this the comment is found again, so that there is one. */
export const marker = "<!-- zeromq-stack: previews -->";

/** GitHub takes 65,536 characters. */
const longest = 60_000;
const longestProblem = 2_000;
const longestValue = 80;
const mostFields = 8;
const mostRows = 60;

/** A pull request's comment: what its change does to each stack. `before`: the previews of the branch that it goes into. */
export function commentText(before: readonly Preview[] | undefined, after: readonly Preview[], footer = ""): string {
  const sections = after.map((one) => ({ one, base: before?.find(({ stack }) => stack === one.stack) }));
  const compared = before === undefined ? "as new stacks: there is nothing to compare them with" : "compared with the branch that it goes into";
  const head = [
    marker,
    "## What this change does to each stack",
    "",
    "| stack | | traffic |",
    "|---|---|---|",
    ...sections.map(({ one, base }) => `| ${code(one.stack)} | ${outcome(base, one)} | ${traffic(base, one).map(cell).join("<br>")} |`),
    "",
  ].join("\n");
  const foot = [
    `Previewed ${compared}; without a cluster and without anybody's secrets, so what people changed by hand does not show.`,
    ...(footer === "" ? [] : ["", footer]),
  ].join("\n");
  let body = "";
  for (const { one, base } of sections) {
    const more = details(base, one)
      .map((line) => `${line}\n`)
      .join("");
    body +=
      head.length + body.length + more.length + foot.length < longest
        ? more
        : `${code(one.stack)}: too much for a comment; \`npm run ci:preview\` shows it.\n\n`;
  }
  return `${head}${body}${foot}\n`;
}

/** The comment where there are no previews at all. */
export function noPreviewsText(footer = ""): string {
  return `${marker}\n## What this change does to each stack\n\n**No stack could be previewed**: the run ended before. What was wrong stands in its log.\n${footer === "" ? "" : `\n${footer}\n`}`;
}

function outcome(before: Preview | undefined, after: Preview): string {
  if (after.errors.length > 0) return "❌ the preview failed";
  if (failed(after)) return `❌ refused by ${plural(after.violations.filter(({ mandatory }) => mandatory).length, "policy violation")}`;
  if (after.warnings.some((text) => text.startsWith(refusedLater)))
    return `⚠️ ${counted(changesOf(before, after))}; not released to yet: an update would be refused`;
  const warned = after.warnings.length + after.violations.length > 0 ? ` (${plural(after.warnings.length + after.violations.length, "warning")})` : "";
  return `${counted(changesOf(before, after))}${warned}`;
}

function counted(changes: readonly Change[]): string {
  const counts = (["new", "changed", "gone"] as const).map((how) => [how, changes.filter((one) => one.how === how).length] as const);
  return (
    counts
      .filter(([, count]) => count > 0)
      .map(([how, count]) => `${count} ${how}`)
      .join(", ") || "no change"
  );
}

/** In words, what happens to clients. */
function traffic(before: Preview | undefined, after: Preview): string[] {
  if (after.running === undefined) return ["not known"];
  return trafficText(before?.running, after.running, (color) => `the way back from ${color}: revert this change`);
}

function details(before: Preview | undefined, after: Preview): string[] {
  const changes = after.errors.length > 0 ? [] : changesOf(before, after);
  const problems = [
    ...after.errors.map((text) => block("❌ error", text)),
    ...after.violations.map(({ policy, message, resource, mandatory }) =>
      block(`${mandatory ? "❌" : "⚠️"} policy ${code(policy)}${resource === undefined ? "" : `, ${code(resource)}`}`, message),
    ),
    ...after.warnings.map((text) => block("⚠️ warning", text)),
  ];
  if (changes.length === 0 && problems.length === 0) return [];
  const rest = changes.length > mostRows ? [`| | and ${changes.length - mostRows} more | |`] : [];
  const table = changes.length === 0 ? [] : ["| | object | what |", "|---|---|---|", ...changes.slice(0, mostRows).map(row), ...rest, ""];
  return [`<details${failed(after) ? " open" : ""}><summary>${code(after.stack)}</summary>`, "", ...problems, ...table, "</details>", ""];
}

function block(title: string, whole: string): string {
  const text = whole.length > longestProblem ? `${whole.slice(0, longestProblem)}…` : whole;
  // A fence that the text does not contain.
  const fence = "`".repeat(Math.max(3, ...[...text.matchAll(/`+/g)].map(([run]) => run.length + 1)));
  return `${title}\n\n${fence}text\n${text}\n${fence}\n`;
}

function row({ how, type, name, fields }: Change): string {
  const shown = fields.slice(0, mostFields).map(fieldText);
  const more = fields.length > mostFields ? [`and ${fields.length - mostFields} more`] : [];
  return `| ${how} | ${cell(type.split(":").at(-1) ?? type)} ${code(name)} | ${[...shown, ...more].join("<br>")} |`;
}

function fieldText({ path, before, after }: Field): string {
  if (before === undefined) return `${code(path)} ${code(valueText(after))} is new`;
  if (after === undefined) return `${code(path)} is gone`;
  return `${code(path)} ${code(valueText(before))} → ${code(valueText(after))}`;
}

function valueText(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > longestValue ? `${text.slice(0, longestValue)}…` : text;
}

/** Text of a table's cell that is no markup, whatever it holds. */
function cell(text: string): string {
  return text.replaceAll(/[\\`*_[\]<>|~#@&]/g, (character) => `&#${character.codePointAt(0)};`).replaceAll(/\s*\n\s*/g, " ");
}

function code(text: string): string {
  const escaped = text.replaceAll(/[&<>"|`@\\*_[\]~]/g, (character) => `&#${character.codePointAt(0)};`);
  return `<code>${escaped.replaceAll(/\s+/g, " ")}</code>`;
}

function plural(count: number, what: string): string {
  return count === 1 ? `1 ${what}` : `${count} ${what}s`;
}
