/**
 * Run by a Job, alone: it tells Elasticsearch when to delete, and Kibana what there is to be looked at. What is there already is
 * replaced by the same. Arguments: a JSON object a call, `url`, `method`, `body`. The password comes as a variable.
 */
const login = `Basic ${Buffer.from(`${process.env["SETUP_USER"]}:${process.env["SETUP_PASSWORD"]}`).toString("base64")}`;

interface Call {
  readonly url: string;
  readonly method: string;
  readonly body: unknown;
}

for (const text of process.argv.slice(2)) {
  const { url, method, body } = JSON.parse(text) as Call;
  // Kibana takes a call for its own only with the header that a browser's form cannot send.
  const headers = { authorization: login, "content-type": "application/json", "kbn-xsrf": "true" };
  const answer = await fetch(url, { method, headers, body: JSON.stringify(body), signal: AbortSignal.timeout(60_000) });
  if (!answer.ok) {
    console.error(`${method} ${url}: ${answer.status} ${await answer.text()}`);
    process.exit(1);
  }
  console.log(`${method} ${url}: ${answer.status}`);
}
