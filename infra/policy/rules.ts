/** A resource as it is about to be declared. */
export interface Declared {
  readonly type: string;
  readonly name: string;
  readonly props: Readonly<Record<string, any>>;
}

/** What each resource must satisfy by itself. `check` says what is wrong, a text each. */
export interface ResourceRule {
  readonly name: string;
  readonly description: string;
  check(resource: Declared): string[];
}

/** What the resources of a stack must satisfy together. */
export interface StackRule {
  readonly name: string;
  readonly description: string;
  check(resources: readonly Declared[]): string[];
}

/** `Deployment` of `kubernetes:apps/v1:Deployment`; nothing where the resource is no object of the cluster. */
export function kindOf({ type }: Declared): string | undefined {
  return type.startsWith("kubernetes:") ? type.split(":").at(-1) : undefined;
}

/** What pods of a resource will be: its own, or those of its template. */
export function podOf(resource: Declared): Readonly<Record<string, any>> | undefined {
  const { spec } = resource.props;
  switch (kindOf(resource)) {
    case "Pod":
      return spec;
    case "CronJob":
      return spec.jobTemplate.spec.template.spec;
    case "Deployment":
    case "StatefulSet":
    case "DaemonSet":
    case "ReplicaSet":
    case "Job":
      return spec.template.spec;
    default:
      return undefined;
  }
}

/** The namespace of what reads the nodes' logs; a stack's own ends otherwise. */
export function isLogsNamespace(name: unknown): boolean {
  return typeof name === "string" && name.endsWith("-logs");
}

/** Every container of a pod, those that only prepare it too. */
export function containersOf(pod: Readonly<Record<string, any>>): Readonly<Record<string, any>>[] {
  return [...(pod["initContainers"] ?? []), ...pod["containers"], ...(pod["ephemeralContainers"] ?? [])];
}
