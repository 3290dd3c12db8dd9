import { otherColor } from "../services/contract/names.ts";
import { Broker } from "./components/broker.ts";
import { CurveKeys } from "./components/curveKeys.ts";
import { Foundation } from "./components/foundation.ts";
import { Images } from "./components/images.ts";
import { Monitoring } from "./components/monitoring.ts";
import { Network } from "./components/network.ts";
import { NetworkPolicies } from "./components/networkPolicies.ts";
import { builderProvider, clusterProvider } from "./components/providers.ts";
import { Switch } from "./components/switch.ts";
import { Workers } from "./components/workers.ts";
import { stackSettings } from "./stackSettings.ts";
import { announceTraffic, versionsOf } from "./traffic.ts";

const settings = stackSettings();
const cluster = { providers: [clusterProvider(settings)] };
const builder = { providers: [builderProvider()] };
const active = settings.activeColor;
const standby = otherColor(active);

const built = new Images(settings, builder);
const { references } = built;
const { namespace: home, configMap, objects } = new Foundation(settings, cluster);
const keys = new CurveKeys(settings, { ...cluster, dependsOn: home });
const policies = new NetworkPolicies(settings, { ...cluster, dependsOn: home });
const network = new Network(settings, { ...cluster, dependsOn: home });
const needed = [configMap, ...objects, ...keys.objects, ...policies.objects];
const { deployment } = new Broker(settings, active, references[active], { ...cluster, dependsOn: needed });
const { deployments } = new Workers(settings, (worker) => built.ofWorker(settings, worker), {
  ...cluster,
  dependsOn: [...needed, deployment, network.headless],
});
const traffic = new Switch(settings, references[active], network, { ...cluster, dependsOn: [deployment, ...deployments] });
new Broker(settings, standby, references[standby], { ...cluster, dependsOn: [...needed, traffic.moved] });
void announceTraffic(settings, references);
new Monitoring(settings, deployments, references[active], { ...cluster, dependsOn: home });

export const { namespace, kubeContext, activeColor } = settings;
/** Where clients connect to: inside of the cluster, and outside where the frontend's type gives them a place. */
export const endpoints = traffic.endpoints;
/** The keys of each client of the settings, a secret (`npm run clients -- keys NAME`), and the public ones of the brokers. */
export const { clientKeys, serverKeys } = keys;
/** What the pods run, by digest, and the version that each image says of itself. */
export const images = references;
export const versions = versionsOf(settings);
