import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { names, secretKeys } from "../../services/contract/names.ts";
import { curveKeyPair } from "../keys/curveKeyPair.ts";
import { ownClient } from "../settings/curve.ts";
import { isProtected } from "../settings/developmentStack.ts";
import type { Settings } from "../settings.ts";
import { admittedKeys, admittedText, pairsText, peerText, peerVariables, type ServerPair } from "../specs/curveFiles.ts";
import { objectMetadata } from "../specs/objectMetadata.ts";
import { awaited } from "./awaited.ts";

type Pair = pulumi.Output<ServerPair>;

/** The stack's CURVE keys: made by its first update, kept in its state as secrets, given to the cluster as Secrets. */
export class CurveKeys extends pulumi.ComponentResource {
  /** What pods that speak CURVE need. */
  readonly objects: readonly pulumi.Resource[];
  /** The public halves of the brokers' pairs, the one that peers use first at the top. */
  readonly serverKeys: pulumi.Output<string[]>;
  /** For each client of the settings its variables; a secret. */
  readonly clientKeys: pulumi.Output<Record<string, Record<string, string>>>;
  /** There once it is certain that the key in use stays. */
  readonly #checked: pulumi.Resource;

  constructor(settings: Settings, options: pulumi.ComponentResourceOptions & { dependsOn: pulumi.Resource }) {
    super("zeromq-stack:infra:CurveKeys", "curve-keys", {}, options);
    this.#checked = options.dependsOn;
    const { curve, clients, namespace } = settings;
    const of = { parent: this, dependsOn: options.dependsOn };

    const inUse = this.#pair(serverKeyName(curve.serverKey), isProtected(settings, pulumi.getStack()));
    const other = curve.otherServerKey === undefined ? [] : [this.#pair(serverKeyName(curve.otherServerKey))];
    const servers = pulumi.all([inUse, ...other]);
    const worker = this.#pair("worker-key");
    const probe = this.#pair("probe-key");
    const ofClients = clients.map((client) => ({ ...client, pair: this.#pair(`client-key-${client.name}`) }));
    const variables = (pair: Pair) =>
      pulumi.all([servers, pair]).apply(([all, own]) =>
        peerVariables(
          all.map(({ publicKey }) => publicKey),
          own,
        ),
      );

    const secret = (name: string, stringData: Record<string, pulumi.Output<string>>) =>
      new kubernetes.core.v1.Secret(name, { metadata: objectMetadata({ name, namespace }), stringData }, of);
    const admitted = (list: readonly { name: string; pair: Pair; services?: readonly string[] | undefined }[]) =>
      awaited(pulumi.all(list.map(({ name, services, pair }) => publicKeyOf(pair).apply((publicKey) => ({ name, services, publicKey })))).apply(admittedText));
    this.objects = [
      secret(names.secret, {
        [secretKeys.curvePublicKey]: inUse.publicKey,
        [secretKeys.curveSecretKey]: inUse.secretKey,
        [secretKeys.curvePairs]: servers.apply(pairsText),
      }),
      secret(names.workerKeysSecret, { [secretKeys.curvePeer]: variables(worker).apply(peerText) }),
      secret(names.probeKeysSecret, { [secretKeys.curvePeer]: variables(probe).apply(peerText) }),
      new kubernetes.core.v1.ConfigMap(
        names.admittedKeysConfigMap,
        admittedKeys(settings, admitted([{ name: ownClient, pair: probe }, ...ofClients]), admitted([{ name: names.workerApp, pair: worker }])),
        of,
      ),
    ];
    this.serverKeys = pulumi.unsecret(servers.apply((all) => all.map(({ publicKey }) => publicKey)));
    this.clientKeys = pulumi.secret(pulumi.all(Object.fromEntries(ofClients.map(({ name, pair }) => [name, variables(pair)]))));
    this.registerOutputs();
  }

  /** @param protect an update that would delete it fails: who has the server key is locked out without it */
  #pair(name: string, protect = false): Pair {
    const kept = new pulumi.Stash(
      name,
      { input: pulumi.secret({ ...curveKeyPair(), createdSeconds: Math.floor(Date.now() / 1000) }) },
      // Every run offers a new pair; the state's own is the one that counts, until somebody replaces this resource.
      { parent: this, ignoreChanges: ["input"], additionalSecretOutputs: ["input", "output"], protect, dependsOn: this.#checked },
    );
    return pulumi.secret(kept.output).apply((stashed: ServerPair) => stashed);
  }
}

/** The first one has the name from before there could be another. */
function serverKeyName(number: number): string {
  return number === 1 ? "curve-key-pair" : `curve-key-pair-${number}`;
}

function publicKeyOf(pair: Pair): pulumi.Output<string> {
  return pulumi.unsecret(pair.publicKey);
}
