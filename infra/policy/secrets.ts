import { containersOf, type Declared, kindOf, podOf, type StackRule } from "./rules.ts";

/** Names of what nobody should read; those of files only say where it lies. */
const secretName = /(secret|passw(or)?d|token|credential|private[_-]?key|api[_-]?key)/i;
const fileName = /_FILE$/;
/** Whatever its name: a private key, or a secret one behind its name in some file. */
const secretText = /-----BEGIN [A-Z ]*PRIVATE KEY-----|^\s*[\w.-]*(secret|passw(or)?d|token(?!izer))[\w.-]*\s*[=:]\s*\S/im;
/** Shorter values stand in other texts by chance. */
const leastLength = 8;

/** Where text stands that everybody may read who may read pods and ConfigMaps. */
interface Plain {
  readonly where: string;
  readonly name: string;
  readonly text: string;
}

function plainTexts(resource: Declared): Plain[] {
  if (kindOf(resource) === "ConfigMap") {
    return Object.entries<string>({ ...resource.props["data"], ...resource.props["binaryData"] }).map(([name, text]) => ({
      where: `${resource.name}: ${name}`,
      name,
      text,
    }));
  }
  return containersOf(podOf(resource) ?? { containers: [] }).flatMap((container) => [
    ...((container["env"] ?? []) as { name: string; value?: string }[])
      .filter(({ value, name }) => value !== undefined && !fileName.test(name))
      .map(({ name, value }) => ({ where: `${resource.name}: variable ${name}`, name, text: value! })),
    // Arguments stand in process lists, too.
    ...[...(container["command"] ?? []), ...(container["args"] ?? [])].map((text: string) => ({ where: `${resource.name}: an argument`, name: "", text })),
  ]);
}

/** What the stack's Secrets hold under names that say so. */
function secretValues(resources: readonly Declared[]): string[] {
  return resources
    .filter((resource) => kindOf(resource) === "Secret")
    .flatMap(({ props }) => [
      ...Object.entries<string>(props["stringData"] ?? {}),
      ...Object.entries<string>(props["data"] ?? {}).map(([name, value]): [string, string] => [name, Buffer.from(value, "base64").toString()]),
    ])
    .flatMap(([name, value]) => (secretName.test(name) && value.length >= leastLength ? [value] : []));
}

export const plainSecrets: StackRule = {
  name: "no-plain-secrets",
  description: "Secrets stand in Secrets: in no variable, argument or ConfigMap.",
  check(resources) {
    const values = secretValues(resources);
    return resources
      .flatMap(plainTexts)
      .flatMap(({ where, name, text }) =>
        (secretName.test(name) && text !== "") || secretText.test(text) || values.some((value) => text.includes(value))
          ? [`${where} must come from a Secret`]
          : [],
      );
  },
};
