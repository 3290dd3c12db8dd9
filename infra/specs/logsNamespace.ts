/** The namespace of what reads the nodes' files; nothing else is there. */
export function logsNamespace(namespace: string): string {
  return `${namespace}-logs`;
}
