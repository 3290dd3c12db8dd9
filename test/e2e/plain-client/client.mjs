// A plain Majordomo client on libzmq with the guide's Lazy Pirate retries: a request without a reply in time is sent again on a
// new socket. Arguments: endpoint, MDP version, clients. Ends on SIGINT with a ledger as JSON.
import { readFileSync } from "node:fs";
import * as zmq from "zeromq";

const [endpoint, version, count] = process.argv.slice(2);
const timeoutMs = 2_500;
const retries = 10;
const ledger = { sent: 0, replied: 0, retried: 0, wrong: 0, unanswered: 0 };
let ending = false;

process.once("SIGINT", () => (ending = true));

// The stack's own key, as its Secret brings it: a line each, `CURVE_PUBLIC_KEY=…`. libzmq takes one server key, so the first.
function curve() {
  const keys = Object.fromEntries(
    readFileSync(process.env.CURVE_PEER_FILE, "utf8")
      .trim()
      .split("\n")
      .map((line) => line.split(/=(.*)/s)),
  );
  return { curveServerKey: keys.CURVE_SERVER_KEY.split(",")[0], curvePublicKey: keys.CURVE_PUBLIC_KEY, curveSecretKey: keys.CURVE_SECRET_KEY };
}

function open() {
  // Read for each socket: the brokers' key may have been changed meanwhile.
  const options = { linger: 0, receiveTimeout: timeoutMs, ...curve() };
  const socket = version === "0.1" ? new zmq.Request(options) : new zmq.Dealer(options);
  socket.connect(endpoint);
  return socket;
}

const frames = (body) => (version === "0.1" ? ["MDPC01", "echo", body] : ["MDPC02", Buffer.of(1), "echo", body]);

async function run(client) {
  let socket = open();
  for (let number = 0; !ending; number += 1) {
    const body = `${client}-${number}`;
    ledger.sent += 1;
    for (let attempt = 0; ; attempt += 1) {
      try {
        await socket.send(frames(body));
        const reply = (await socket.receive()).at(-1).toString();
        if (reply === body) ledger.replied += 1;
        else ledger.wrong += 1;
        break;
      } catch (error) {
        if (error.code !== "EAGAIN") throw error;
        socket.close();
        socket = open();
        if (attempt === retries) {
          ledger.unanswered += 1;
          break;
        }
        ledger.retried += 1;
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  socket.close();
}

await Promise.all(Array.from({ length: Number(count) }, (_, client) => run(client)));
console.log(JSON.stringify(ledger));
process.exit();
