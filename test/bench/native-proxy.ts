/** libzmq's own proxy: what there is without any decision. */
import * as zmq from "zeromq";

const [, , frontend, backend] = process.argv as [string, string, string, string];
const proxy = new zmq.Proxy(new zmq.Router(), new zmq.Dealer());
await proxy.frontEnd.bind(frontend);
await proxy.backEnd.bind(backend);
await proxy.run();
