import { openAsBlob, readFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import type { PersistentVolumeClaim, Pod } from "kubernetes-types/core/v1.js";
import type { StatefulSet } from "kubernetes-types/apps/v1.js";
import { hardenedContainer, hardenedPod } from "../../infra/specs/hardening.ts";
import { image } from "../../services/contract/image.ts";
import { labels } from "../../services/contract/names.ts";
import type { Archive, NewArchive } from "../archive.ts";
import { Refusal } from "../command.ts";
import type { Outputs } from "../stack.ts";
import { asked, forwarded, kubectl, settled, statefulSet } from "./cluster.ts";
import type { Given, Task } from "./volume-server.ts";

const server = { port: 8080, volume: "/volume", temporary: "/temporary" };
/** Which backup a claim's data came from. */
const mark = "zeromq-stack/restored";

/** Copies what is on a part's volume, while the part works on. @returns what there is to say of it */
export async function backUpVolume(outputs: Outputs, kind: Task["kind"], archive: NewArchive): Promise<string> {
  const owner = await statefulSet(outputs, kind);
  if (owner === undefined) return "the stack has none";
  const claim = claimOf(owner);
  if (claim === undefined) return "not kept: its volume is temporary";
  return served(outputs, kind, owner, claim, async (address) => {
    const files = (await (await asked(`${address}/files`)).json()) as Given[];
    let bytes = 0;
    for (const [number, { path, bytes: size }] of files.entries()) {
      const { body } = await asked(`${address}/file?of=${number}`);
      const got = await archive.add(`${kind}/${path}`, Readable.fromWeb(body!));
      if (got !== size) throw new Refusal(`${path}: ${got} bytes came of ${size}`);
      bytes += got;
    }
    return `${files.length} files, ${megabytes(bytes)}`;
  });
}

/**
 * Puts a backup's files on a part's volume: beside what is there while the part works, and in its place once the part's StatefulSet
 * is deleted. An update makes that again, also where this is interrupted. @returns what there is to say of it, and whether that
 * update is due
 */
export async function restoreVolume(outputs: Outputs, kind: Task["kind"], archive: Archive): Promise<{ text: string; due: boolean }> {
  const files = archive.below(kind);
  if (files.size === 0) return { text: "the backup has none", due: false };
  const owner = await statefulSet(outputs, kind);
  if (owner === undefined) return { text: "left out: the stack has none now", due: false };
  const claim = claimOf(owner);
  if (claim === undefined) return { text: "left out: its volume is temporary", due: false };
  const { made } = archive.manifest;
  const { metadata } = JSON.parse(await kubectl(outputs, ["get", "persistentvolumeclaim", claim, "-o", "json"])) as PersistentVolumeClaim;
  if (metadata?.annotations?.[mark] === made) return { text: "restored before", due: false };

  await served(outputs, kind, owner, claim, async (address) => {
    const own = ((await (await asked(`${address}/own`)).json()) as string[]).filter((name) => ![...files.keys()].some((path) => path.startsWith(`${name}/`)));
    if (own.length > 0)
      throw new Refusal(
        `${kind} has history of its own that the backup has not (${own.join(", ")}): it is left as it is. To give that up, delete the claim ${claim}`,
      );
    await asked(`${address}/begin`, { method: "POST" });
    for (const path of files.keys())
      await asked(`${address}/file?of=${encodeURIComponent(path)}`, { method: "PUT", body: await openAsBlob(archive.path(`${kind}/${path}`)) });
    await kubectl(outputs, ["delete", "statefulset", kind, "--cascade=foreground", "--timeout=300s"]);
    await asked(`${address}/replace`, { method: "POST" });
  });
  await kubectl(outputs, ["annotate", "persistentvolumeclaim", claim, `${mark}=${made}`, "--overwrite"]);
  return { text: `${files.size} files, ${megabytes([...files.values()].reduce((sum, { bytes }) => sum + bytes, 0))}`, due: true };
}

/** The claim of a StatefulSet's one pod; none where its volume goes with the pod. */
function claimOf({ metadata, spec }: StatefulSet): string | undefined {
  const [template] = spec?.volumeClaimTemplates ?? [];
  return template === undefined ? undefined : `${template.metadata!.name}-${metadata!.name}-0`;
}

/** Runs the program that gives out files, and takes them, in a pod on the volume. */
async function served<Result>(
  outputs: Outputs,
  kind: Task["kind"],
  owner: StatefulSet,
  claim: string,
  use: (address: string) => Promise<Result>,
): Promise<Result> {
  const name = `${kind}-volume`;
  await settled(outputs, kind);
  const gone = () => kubectl(outputs, ["delete", "pod", name, "--ignore-not-found", "--grace-period=1", "--timeout=120s"]);
  await gone(); // of a run that was killed
  await kubectl(outputs, ["create", "-f", "-"], JSON.stringify(serverPod(name, outputs, kind, owner, claim)));
  try {
    await kubectl(outputs, ["wait", "--for=condition=Ready", `pod/${name}`, "--timeout=300s"]);
    return await forwarded(outputs, name, server.port, use);
  } finally {
    await gone();
  }
}

function serverPod(name: string, { namespace, images, activeColor }: Outputs, kind: Task["kind"], owner: StatefulSet, claim: string): Pod {
  const program = readFileSync(join(import.meta.dirname, "volume-server.ts"), "utf8");
  const task: Task = { kind, ...server };
  const { imagePullSecrets = [], tolerations = [], nodeSelector = {} } = owner.spec!.template!.spec!;
  const isReady = `require("node:net").connect(${server.port}, "127.0.0.1").on("connect", () => process.exit(0)).on("error", () => process.exit(1))`;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace, labels: { [labels.app]: name } },
    spec: {
      ...hardenedPod,
      imagePullSecrets,
      tolerations,
      nodeSelector,
      // The volume has this owner already.
      securityContext: { ...hardenedPod.securityContext, fsGroup: image.userId, fsGroupChangePolicy: "OnRootMismatch" },
      // One node at a time has the volume: that of the pod that it belongs to.
      affinity: {
        podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: "kubernetes.io/hostname", labelSelector: owner.spec!.selector }] },
      },
      restartPolicy: "Never",
      // Nobody else would end one that was left behind.
      activeDeadlineSeconds: 86_400,
      terminationGracePeriodSeconds: 1,
      containers: [
        {
          name: "files",
          image: images[activeColor],
          command: [image.node, "--disable-warning=ExperimentalWarning", "--input-type=module-typescript", "--eval", program, JSON.stringify(task)],
          volumeMounts: [
            { name: "volume", mountPath: server.volume },
            { name: "temporary", mountPath: server.temporary },
          ],
          readinessProbe: { exec: { command: [image.node, "--eval", isReady] }, timeoutSeconds: 10, periodSeconds: 1 },
          resources: { requests: { cpu: "10m", memory: "64Mi" }, limits: { cpu: "1", memory: "256Mi" } },
          securityContext: hardenedContainer,
          terminationMessagePolicy: "FallbackToLogsOnError",
        },
      ],
      volumes: [
        { name: "volume", persistentVolumeClaim: { claimName: claim } },
        { name: "temporary", emptyDir: {} },
      ],
    },
  };
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
