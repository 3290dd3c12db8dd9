/** The commands under one heading of a guide. */
export interface Section {
  readonly heading: string;
  /** As one types them: without their comments, a command that is broken into lines as one. */
  readonly commands: readonly string[];
}

/** What a guide tells its reader to type, in its order; sections that tell nothing are left out. */
export function sectionsOf(text: string): Section[] {
  return text.split(/^(?=## )/m).flatMap((section) => {
    const heading = /^## (.*)/.exec(section)?.[1] ?? "";
    const commands = [...section.matchAll(/^```sh\n([^]*?)^```$/gm)].flatMap(([, block]) => commandsIn(block!));
    return commands.length === 0 ? [] : [{ heading, commands }];
  });
}

function commandsIn(block: string): string[] {
  const whole = block.replaceAll(/\s*\\\n\s*/g, " ");
  return whole
    .split("\n")
    .map((line) => line.replace(/(^|\s+)#( .*)?$/, "").trim())
    .filter((line) => line !== "");
}

/** The code of another language under a heading, such as `ts`. */
export function codeIn(text: string, heading: string, language: string): string {
  const section = text.split(/^(?=## )/m).find((one) => one.startsWith(`## ${heading}\n`));
  const code = section && new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, "m").exec(section)?.[1];
  if (code === undefined) throw new Error(`there is no ${language} under "${heading}"`);
  return code;
}
