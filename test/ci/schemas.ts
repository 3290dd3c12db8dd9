import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkout } from "../../local/paths.ts";
import { output } from "../../local/run.ts";
import { fetchGo, findGo } from "../../local/toolchain/go.ts";

type Schema = Record<string, any>;

/** Kubernetes' own description of its objects, of the version that the local node runs; Go's module proxy has it. */
async function openApi(): Promise<{ definitions: Record<string, Schema> }> {
  const go = (await findGo()) ?? (await fetchGo());
  const module = join(checkout, "local/toolchain/kubernetes");
  const env = { GOFLAGS: "-mod=readonly", GOWORK: "off" };
  const found = await output([go, "-C", module, "mod", "download", "-json", "k8s.io/kubernetes"], env, 300_000);
  if (found === undefined) throw new Error("the Go module k8s.io/kubernetes, which holds the schemas, can't be had");
  return JSON.parse(readFileSync(join(JSON.parse(found).Dir, "api/openapi-spec/swagger.json"), "utf8"));
}

/** Writes a JSON schema for each kind, where and as kubeconform looks for it; a field that a kind does not have is an error. */
export async function writeSchemas(directory: string): Promise<string> {
  mkdirSync(directory, { recursive: true });
  const { definitions } = await openApi();
  for (const [name, definition] of Object.entries(definitions)) {
    for (const { group, version, kind } of definition["x-kubernetes-group-version-kind"] ?? []) {
      if (!definition["properties"]?.metadata) continue;
      const suffix = group === "" ? version : `${group.split(".")[0]}-${version}`;
      writeFileSync(join(directory, `${kind.toLowerCase()}-${suffix}.json`), JSON.stringify(schemaOf(name, definitions)));
    }
  }
  return join(directory, "{{.ResourceKind}}{{.KindSuffix}}.json");
}

/** A definition with all that it refers to. */
function schemaOf(name: string, all: Record<string, Schema>): Schema {
  const used: Record<string, Schema> = {};
  const use = (of: string): void => {
    if (used[of] !== undefined) return;
    used[of] = strict(of, all[of]!);
    for (const [, inner] of JSON.stringify(used[of]).matchAll(/"#\/definitions\/([^"]+)"/g)) use(inner!);
  };
  use(name);
  return { $ref: `#/definitions/${name}`, definitions: used };
}

function strict(name: string, definition: Schema): Schema {
  // What OpenAPI has no word for: these may be written as a text or as a number.
  if (name.endsWith(".IntOrString") || name.endsWith(".Quantity")) return { type: ["string", "number"] };
  return definition["properties"] === undefined || definition["additionalProperties"] !== undefined
    ? definition
    : { ...definition, additionalProperties: false };
}
