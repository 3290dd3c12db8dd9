// Stands in for `pulumi` and `kubectl` in tests of our commands: keeps a stack's settings in the file STATE, each state that they were in, and what was asked of it.
const { readFileSync, writeFileSync } = require("node:fs");
const { basename } = require("node:path");

const state = JSON.parse(readFileSync(process.env.STATE, "utf8"));
const args = process.argv.slice(2).filter((word) => !["--path", "--yes", "--skip-preview"].includes(word));
const end = (code) => {
  writeFileSync(process.env.STATE, JSON.stringify(state));
  process.exit(code);
};
const steps = (path) => path.replace(/\[(\d+)\]/g, ".$1").split(".");
const keysOf = ({ curve = {} }) =>
  [curve.serverKey ?? 1, ...(curve.otherServerKey === undefined ? [] : [curve.otherServerKey])].map((number) => `key-${number}`);

if (basename(process.argv[1]) === "kubectl") {
  if (args.includes("statefulset")) end(0); // the stack has none
  // A kubelet takes its time: the first look after an update still meets the old keys.
  const keys = state.looks > 0 ? state.deployed : state.before;
  state.looks += 1;
  const serverKeys = keys.map((publicKey) => ({ publicKey, accepted: true, frontend: 1, backend: 2 }));
  process.stdout.write(
    JSON.stringify([
      { endpoint: "tcp://a", status: { serverKeys } },
      { endpoint: "tcp://b", status: { serverKeys } },
    ]),
  );
  end(0);
}
const [command, what, path] = args;

/** A backend that keeps `stacks` by name, each with its resources, and the passphrase of all. */
function backend({ stacks, passphrase }) {
  const fail = (text) => {
    process.stderr.write(`error: ${text}\n`);
    end(255);
  };
  const given = args.indexOf("--stack");
  const name = what === "init" ? path : given < 0 ? state.backend.selected : args[given + 1];
  const secrets = () => passphrase === state.given || fail("incorrect passphrase");
  if (what !== "export" && !what.startsWith("--")) state.calls.push(what);
  if (what === "init") {
    if (stacks[name] !== undefined) fail(`stack '${name}' already exists`);
    stacks[name] = {};
    return;
  }
  if (stacks[name] === undefined) fail(`no stack named '${name}' found`);
  if (what === "rm") delete stacks[name];
  if (what === "--show-name") process.stdout.write(name);
  if (what === "export") process.stdout.write(JSON.stringify({ deployment: stacks[name] }));
  if (what === "import") {
    secrets();
    stacks[name] = JSON.parse(readFileSync(args[args.indexOf("--file") + 1], "utf8")).deployment;
  }
  if (what === "output") {
    if (args.includes("--show-secrets")) secrets();
    process.stdout.write(JSON.stringify({ activeColor: "blue", images: {}, namespace: "n", kubeContext: "c", serverKeys: [stacks[name].key] }));
  }
}

function set(pair) {
  const [path, value] = [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)];
  const names = steps(path);
  const last = names.pop();
  let place = state.config;
  for (const [index, name] of names.entries()) place = place[name] ??= /^\d+$/.test(names[index + 1] ?? last) ? [] : {};
  place[last] = /^\d+$/.test(value) ? Number(value) : value;
}

if (command === "up") {
  state.ups.push(JSON.parse(JSON.stringify(state.config)));
  if (state.fails) end(255);
  state.before = state.deployed;
  state.deployed = keysOf(state.config);
  state.looks = 0;
} else if (command === "stack" && state.backend !== undefined) {
  backend(state.backend);
} else if (command === "stack") {
  const outputs = { activeColor: "blue", images: {}, namespace: "n", kubeContext: "c", serverKeys: state.deployed };
  process.stdout.write(
    JSON.stringify(args.includes("clientKeys") ? { shop: { CURVE_SERVER_KEY: state.deployed.join(","), CURVE_SECRET_KEY: "secret" } } : outputs),
  );
} else if (what === "set-all") {
  for (const [index, word] of args.entries()) if (word === "--plaintext") set(args[index + 1]);
  state.writes = [...(state.writes ?? []), structuredClone(state.config)];
} else {
  const names = steps(path);
  const last = names.pop();
  let place = state.config;
  for (const name of names) place = place?.[name];
  if (what === "get" && place?.[last] === undefined) {
    process.stderr.write(`error: configuration key '${path}' not found\n`);
    end(255);
  }
  if (what === "get") process.stdout.write(typeof place[last] === "object" ? JSON.stringify(place[last]) : String(place[last]));
  if (what === "rm" && Array.isArray(place)) place.splice(Number(last), 1);
  else if (what === "rm") delete place?.[last];
  if (what === "rm") state.writes = [...(state.writes ?? []), structuredClone(state.config)];
}
end(0);
