import { basename, dirname } from "node:path";
import type { EnvVar, Volume, VolumeMount } from "kubernetes-types/core/v1.js";
import { environment } from "../../services/contract/environment.ts";
import { image } from "../../services/contract/image.ts";
import { names, secretKeys } from "../../services/contract/names.ts";
import { admittedFiles } from "./curveFiles.ts";

/** What CURVE adds to a pod and its container; nothing where connections are plain text. */
type CurveMounts = ReturnType<typeof mounts>;
/** Some keys of a ConfigMap or Secret, and the files that they become. */
interface Files {
  readonly name: string;
  items: { key: string; path: string }[];
}
type Encrypted = { readonly curve: { readonly enabled: boolean } };
type Source = { secret: Files } | { configMap: Files };

const volumeName = "curve";

/** The brokers' pairs and lists, and a client's keys for the health check and for whoever runs our client in the pod. */
export function brokerCurve(settings: Encrypted): CurveMounts {
  return mounts(
    settings,
    [
      fromSecret(environment.curvePublicKey.name, secretKeys.curvePublicKey),
      fromSecret(environment.curveSecretKey.name, secretKeys.curveSecretKey),
      { name: environment.curvePairsFile.name, value: image.curvePairsFile },
      { name: environment.curveClientKeysFile.name, value: image.curveClientKeysFile },
      { name: environment.curveWorkerKeysFile.name, value: image.curveWorkerKeysFile },
      peerFile,
    ],
    [
      { secret: { name: names.secret, items: [{ key: secretKeys.curvePairs, path: basename(image.curvePairsFile) }] } },
      { configMap: { name: names.admittedKeysConfigMap, items: Object.values(admittedFiles).map((file) => ({ key: file, path: file })) } },
      peerSecret(names.probeKeysSecret),
    ],
  );
}

export function workerCurve(settings: Encrypted): CurveMounts {
  return mounts(settings, [peerFile], [peerSecret(names.workerKeysSecret)]);
}

/** For a Job, or any other pod, that is a client of the stack's own. */
export function probeCurve(settings: Encrypted): CurveMounts {
  return mounts(settings, [peerFile], [peerSecret(names.probeKeysSecret)]);
}

const peerFile: EnvVar = { name: environment.curvePeerFile.name, value: image.curvePeerFile };

function fromSecret(name: string, key: string): EnvVar {
  return { name, valueFrom: { secretKeyRef: { name: names.secret, key } } };
}

function peerSecret(name: string): Source {
  return { secret: { name, items: [{ key: secretKeys.curvePeer, path: basename(image.curvePeerFile) }] } };
}

/** The folder as a whole, since a file that is mounted alone never changes. */
function mounts({ curve }: Encrypted, env: EnvVar[], sources: Source[]) {
  const volume = { name: volumeName, projected: { sources } } satisfies Volume;
  const mount: VolumeMount = { name: volumeName, mountPath: dirname(image.curvePeerFile), readOnly: true };
  return curve.enabled ? { env, volumes: [volume], volumeMounts: [mount] } : { env: [], volumes: [], volumeMounts: [] };
}
