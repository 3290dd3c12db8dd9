import * as pulumi from "@pulumi/pulumi";
import services from "../services/package.json" with { type: "json" };
import { worktree } from "./settings/images.ts";
import { project, type Settings } from "./settings.ts";
import { wayBack } from "./specs/switchJobs.ts";
import { type Part, type Traffic, trafficText, versionOf } from "./specs/trafficText.ts";

type References = Readonly<Record<Part, pulumi.Output<string>>>;

/** The version of each image, as its setting says it; a checkout's is that of its package. */
export function versionsOf({ images }: Settings): Record<Part, string> {
  const version = (wanted: string) => (wanted === worktree ? services.version : versionOf(wanted));
  return { blue: version(images.blue), green: version(images.green), worker: version(images.worker) };
}

/** Says before an update, and in its preview, what it does to clients' traffic. What ran before stands in the stack's own outputs. */
export async function announceTraffic(settings: Settings, references: References): Promise<void> {
  const stack = `${pulumi.getOrganization()}/${project}/${pulumi.getStack()}`;
  const last = new pulumi.StackReference(stack);
  const [activeColor, images, versions] = await Promise.all(
    ["activeColor", "images", "versions"].map(async (name) => (await last.getOutputDetails(name)).value),
  );
  const before = activeColor && images && versions ? ({ activeColor, images, versions } as Traffic) : undefined;
  const after: Traffic = {
    activeColor: settings.activeColor,
    images: { blue: await valueOf(references.blue), green: await valueOf(references.green), worker: await valueOf(references.worker) },
    versions: versionsOf(settings),
  };
  await pulumi.log.info(trafficText(before, after, wayBack).join("\n"));
}

/** An output's value; nothing where a preview can't know it. The type hides what `apply` itself looks at. */
async function valueOf(output: pulumi.Output<string>): Promise<string | undefined> {
  const { isKnown, promise } = output as unknown as { isKnown: Promise<boolean>; promise(): Promise<string> };
  return (await isKnown) ? promise() : undefined;
}
