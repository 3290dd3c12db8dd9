import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { PolicyRule } from "kubernetes-types/rbac/v1.js";
import { metricsApiNames } from "../../monitoring/names.ts";
import type { Settings } from "../settings.ts";
import { disruptionBudget } from "../specs/disruptionBudget.ts";
import {
  apiService,
  apiServiceName,
  type MetricsApi as Api,
  metricsApiAccount,
  metricsApiDeployment,
  metricsApiLabels,
  metricsApiSecret,
  metricsApiService,
} from "../specs/metricsApi.ts";
import { accessName, delegatorBinding, readerBinding, readerRole, requestHeaderBinding } from "../specs/metricsApiAccess.ts";
import { metricsApiTraffic } from "../specs/metricsApiTraffic.ts";
import { awaited } from "./awaited.ts";
import type { KeptCertificate } from "./keptCertificate.ts";
import { policyOf } from "./networkPolicies.ts";
import { ownApiService } from "./ownApiService.ts";
import { rolloutTime } from "./rolloutTime.ts";

type Options = pulumi.ComponentResourceOptions & { dependsOn: pulumi.Resource[] };

/** A server that adds an API with metrics to the cluster's own, with a certificate that the API server trusts. */
export class MetricsApi extends pulumi.ComponentResource {
  /** There when the API answers. */
  readonly served: pulumi.Resource;
  readonly #inside: pulumi.CustomResourceOptions;

  /** @param rules what it may read */
  constructor(settings: Settings, api: Api, rules: PolicyRule[], { certificate, privateKey }: KeptCertificate, { dependsOn, ...options }: Options) {
    const name = metricsApiNames[api.part];
    super("zeromq-stack:infra:MetricsApi", name, {}, options);
    const hooks = { beforeCreate: [ownApiService(api, settings)] };
    // The first of its objects: where the API is somebody else's, nothing at all is made.
    const account = new kubernetes.core.v1.ServiceAccount(name, metricsApiAccount(api.part, settings), { parent: this, dependsOn, hooks });
    this.#inside = { parent: this, dependsOn: [...dependsOn, account] };
    const needed = [
      new kubernetes.core.v1.Secret(
        name,
        metricsApiSecret(api.part, settings, { certificate: awaited(certificate), privateKey: awaited(privateKey) }),
        this.#inside,
      ),
      ...this.#access(settings, api, rules),
      ...policyOf(name, metricsApiTraffic(api, settings), settings, this.#inside),
    ];
    new kubernetes.policy.v1.PodDisruptionBudget(
      name,
      disruptionBudget({ name, namespace: settings.namespace, matchLabels: metricsApiLabels(api.part) }),
      this.#inside,
    );
    const pod = new kubernetes.apps.v1.Deployment(name, metricsApiDeployment(api, settings), {
      parent: this,
      dependsOn: [...dependsOn, ...needed],
      ...rolloutTime(settings, 1),
    });
    const service = new kubernetes.core.v1.Service(name, metricsApiService(api.part, settings), { parent: this, dependsOn: pod });
    const authorities = certificate.apply((text) => Buffer.from(text).toString("base64"));
    this.served = new kubernetes.apiregistration.v1.APIService(apiServiceName(api.group), apiService(api, settings, awaited(authorities)), {
      parent: this,
      dependsOn: [service, ...needed],
      hooks,
    });
    this.registerOutputs();
  }

  #access(settings: Settings, { part }: Api, rules: PolicyRule[]): pulumi.Resource[] {
    const { ClusterRole, ClusterRoleBinding, RoleBinding } = kubernetes.rbac.v1;
    const [reader, delegator, authentication] = (["reader", "delegator", "authentication"] as const).map((access) => accessName(part, access, settings)) as [
      string,
      string,
      string,
    ];
    const common = [
      new ClusterRoleBinding(delegator, delegatorBinding(part, settings), this.#inside),
      new RoleBinding(authentication, requestHeaderBinding(part, settings), this.#inside),
    ];
    if (rules.length === 0) return common;
    const role = new ClusterRole(reader, readerRole(part, settings, rules), this.#inside);
    return [...common, role, new ClusterRoleBinding(reader, readerBinding(part, settings), { ...this.#inside, dependsOn: role })];
  }
}
