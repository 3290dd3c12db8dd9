// The grammar of image references that registries, Docker and the kubelet share; upper-case letters only in tags.
const word = "[a-z0-9]+(?:-+[a-z0-9]+)*";
const host = `${word}(?:\\.${word})*(?::\\d{1,5})?`;
const component = "[a-z0-9]+(?:(?:\\.|__?|-+)[a-z0-9]+)*";
const tag = "\\w[\\w.-]{0,127}";
const digest = "sha256:[0-9a-f]{64}";

/** A registry's host, or one's own place on Docker Hub, with a path if it has one. */
export const registryForm = new RegExp(`^(?:${host}|${component})(?:/${component})*$`);

/** An image that never changes: a tag of our own repository, or a whole repository, either one with a digest. */
export const pinnedForm = new RegExp(`^(?:${tag}|(?:${host}|${component})(?:/${component})+(?::${tag})?)@${digest}$`);

/** An image of a registry that is named elsewhere. */
export const imageForm = new RegExp(`^${component}(?:/${component})*:${tag}(?:@${digest})?$`);
