import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { usersFile } from "../../monitoring/elasticsearch/configuration.ts";
import { loggingNames } from "../../monitoring/names.ts";
import type { Settings } from "../settings.ts";
import { elasticsearchConfigMap, elasticsearchSecret, elasticsearchStatefulSet } from "../specs/elasticsearch.ts";
import { filebeatConfigMap, filebeatDaemonSet, filebeatLoginFile, filebeatNamespace, filebeatSecret } from "../specs/filebeat.ts";
import { kibanaConfigMap, kibanaSecret, kibanaStatefulSet } from "../specs/kibana.ts";
import { loggingService } from "../specs/loggingPod.ts";
import { loggingSetupConfigMap, loggingSetupJob, needsSetup } from "../specs/loggingSetup.ts";
import { elasticsearchTraffic, filebeatTraffic, kibanaTraffic, loggingSetupTraffic, logsDefaultDeny } from "../specs/loggingTraffic.ts";
import { logsNamespace } from "../specs/logsNamespace.ts";
import { pullSecret } from "../specs/pullSecret.ts";
import { awaited } from "./awaited.ts";
import { keptPassword } from "./keptPassword.ts";

const { core, apps, batch, networking } = {
  core: kubernetes.core.v1,
  apps: kubernetes.apps.v1,
  batch: kubernetes.batch.v1,
  networking: kubernetes.networking.v1,
};

/** Collects the log lines of the stack's pods, keeps them and shows them. */
export class Logging extends pulumi.ComponentResource {
  readonly #settings: Settings;

  /** @param image our own, for the Job that needs a program */
  constructor(settings: Settings, image: pulumi.Output<string>, options: pulumi.ComponentResourceOptions & { dependsOn: pulumi.Resource }) {
    super("zeromq-stack:infra:Logging", "logging", {}, options);
    this.#settings = settings;
    const elasticsearch = this.#elasticsearch(options.dependsOn);
    const { kibana } = settings.logging;
    const shown = kibana.enabled ? [this.#kibana(elasticsearch.service)] : [];
    const told = needsSetup(settings) ? [this.#setup(image, [elasticsearch.service, ...shown])] : [];
    this.#filebeat(elasticsearch.filebeatPassword, [elasticsearch.service, ...told]);
    this.registerOutputs();
  }

  #elasticsearch(home: pulumi.Resource) {
    const { elasticsearch: name } = loggingNames;
    const settings = this.#settings;
    const of = { parent: this, dependsOn: home };
    const passwords = { admin: this.#password("admin"), filebeat: this.#password("filebeat"), kibana: this.#password("kibana") };
    const users = pulumi
      .all([passwords.admin, passwords.filebeat, passwords.kibana])
      .apply(([admin, filebeat, kibana]) => usersFile({ admin, filebeat, kibana }));
    const secret = elasticsearchSecret(settings, awaited(users), { admin: awaited(passwords.admin), kibana: awaited(passwords.kibana) });
    const needed = [
      new core.ConfigMap(name, elasticsearchConfigMap(settings), of),
      new core.Secret(name, secret, of),
      ...this.#policies([[name, elasticsearchTraffic(settings)]], home),
    ];
    const pod = new apps.StatefulSet(name, elasticsearchStatefulSet(settings), { parent: this, dependsOn: needed });
    return {
      service: new core.Service(name, loggingService("elasticsearch", settings), { parent: this, dependsOn: pod }),
      filebeatPassword: passwords.filebeat,
    };
  }

  #kibana(elasticsearch: pulumi.Resource): pulumi.Resource {
    const { kibana: name } = loggingNames;
    const settings = this.#settings;
    const of = { parent: this, dependsOn: elasticsearch };
    const key = keptPassword("kibana-encryption-key", this);
    const needed = [
      new core.ConfigMap(name, kibanaConfigMap(settings), of),
      new core.Secret(name, kibanaSecret(settings, awaited(key)), of),
      ...this.#policies([[name, kibanaTraffic(settings)]], elasticsearch),
    ];
    const pod = new apps.StatefulSet(name, kibanaStatefulSet(settings), { parent: this, dependsOn: needed });
    return new core.Service(name, loggingService("kibana", settings), { parent: this, dependsOn: pod });
  }

  #setup(image: pulumi.Output<string>, dependsOn: pulumi.Resource[]): pulumi.Resource {
    const { setup: name } = loggingNames;
    const { spec, timeoutSeconds } = loggingSetupJob(this.#settings, awaited(image));
    const of = { parent: this, dependsOn };
    const needed = [
      new core.ConfigMap(name, loggingSetupConfigMap(this.#settings), of),
      ...this.#policies([[name, loggingSetupTraffic(this.#settings)]], ...dependsOn),
    ];
    const timeout = `${timeoutSeconds}s`;
    return new batch.Job(name, spec, { parent: this, dependsOn: needed, customTimeouts: { create: timeout, update: timeout } });
  }

  #filebeat(password: pulumi.Output<string>, dependsOn: pulumi.Resource[]): void {
    const { filebeat: name } = loggingNames;
    const settings = this.#settings;
    const namespace = logsNamespace(settings.namespace);
    const home = new core.Namespace(namespace, filebeatNamespace(settings), { parent: this, dependsOn });
    const of = { parent: this, dependsOn: home };
    const needed = [
      new core.ConfigMap(name, filebeatConfigMap(settings), of),
      new core.Secret(name, filebeatSecret(settings, awaited(password.apply(filebeatLoginFile))), of),
      ...(settings.pull.logins.length === 0 ? [] : [new core.Secret(`${namespace}-pull`, pullSecret({ ...settings, namespace }), of)]),
      ...this.#policies(
        [
          [name, filebeatTraffic(settings)],
          ["zeromq-logs-default-deny", logsDefaultDeny(settings)],
        ],
        home,
      ),
    ];
    new apps.DaemonSet(name, filebeatDaemonSet(settings), { parent: this, dependsOn: needed });
  }

  #policies(wanted: readonly (readonly [string, ReturnType<typeof filebeatTraffic>])[], ...dependsOn: pulumi.Resource[]): pulumi.Resource[] {
    if (!this.#settings.network.policies) return [];
    return wanted.map(([name, spec]) => new networking.NetworkPolicy(name, spec, { parent: this, dependsOn }));
  }

  #password(user: string): pulumi.Output<string> {
    return keptPassword(`elasticsearch-password-${user}`, this);
  }
}
