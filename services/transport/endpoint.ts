/** ZeroMQ endpoints of the form `tcp://host:port`, of IPv4: no socket of ours is told to speak IPv6. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

const shape = /^tcp:\/\/(\*|[A-Za-z0-9_.-]+):(\d{1,5})$/;

/** The parts of an endpoint, or nothing where the text is none. */
export function parseEndpoint(text: string): Endpoint | undefined {
  const match = shape.exec(text);
  if (match === null) return undefined;
  const port = Number(match[2]);
  return port >= 1 && port <= 65535 ? { host: match[1]!, port } : undefined;
}

export function endpointText({ host, port }: Endpoint): string {
  return `tcp://${host}:${port}`;
}

/** Where a program on the same host reaches what is bound at `text`: a wildcard becomes the loopback address. */
export function localEndpoint(text: string): string {
  const endpoint = parseEndpoint(text);
  if (endpoint === undefined) return text;
  return endpointText(endpoint.host === "*" || endpoint.host === "0.0.0.0" ? { ...endpoint, host: "127.0.0.1" } : endpoint);
}
