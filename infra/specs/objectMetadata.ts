interface Metadata {
  /** Objects without one get one from Pulumi, a new one each. */
  readonly name?: string;
  readonly namespace?: string;
  readonly labels?: Record<string, string>;
  readonly annotations?: Record<string, string>;
}

/**
 * One field manager for the stack, in place of a random one a resource: an update that was killed while it created
 * something leaves no owner behind with whom the next update would be in conflict. A conflict with anybody else, such as
 * `kubectl edit`, still fails the update. `patchFieldManager`: the provider's `fieldManagerName` looks there first.
 */
const fieldManager = { "pulumi.com/patchFieldManager": "zeromq-stack" };

/** The metadata of an object of the stack. */
export function objectMetadata<Given extends Metadata>(metadata: Given) {
  return { ...metadata, annotations: { ...metadata.annotations, ...fieldManager } };
}
