import { Broker } from "./components/broker.ts";
import { CurveKeys } from "./components/curveKeys.ts";
import { Foundation } from "./components/foundation.ts";
import { Images } from "./components/images.ts";
import { Network } from "./components/network.ts";
import { builderProvider, clusterProvider } from "./components/providers.ts";
import { Workers } from "./components/workers.ts";
import { stackSettings } from "./stackSettings.ts";

const settings = stackSettings();
const cluster = { providers: [clusterProvider(settings)] };
const builder = { providers: [builderProvider()] };

const built = new Images(settings, builder);
const { namespace: home, configMap } = new Foundation(settings, cluster);
const { secret } = new CurveKeys(settings, { ...cluster, dependsOn: home });
const broker = new Broker(settings, built.broker, { ...cluster, dependsOn: [configMap, secret] });
const network = new Network(settings, { namespace: home, brokers: broker.deployment }, cluster);
new Workers(settings, built.worker, { ...cluster, dependsOn: [configMap, broker.deployment, network.headless] });

export const { namespace, kubeContext, activeColor } = settings;
/** Where clients connect to: inside of the cluster, and outside where the frontend's type gives them a place. */
export const endpoints = network.endpoints;
/** What the pods run, by digest. */
export const images = { broker: built.broker, worker: built.worker };
