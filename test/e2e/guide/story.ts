import type { Chapter } from "./chapter.ts";
import * as keys from "./keys.ts";
import * as operations from "./operations.ts";
import * as readme from "./readme.ts";

/** The commands of the guides as one story. First the stack is made. */
export const beginning = readme.plainCommands;

/** What is done while clients send requests. */
export const underLoad: readonly Chapter[] = [
  operations.look,
  readme.newVersion,
  readme.writeAWorker,
  operations.switchColors,
  operations.scale,
  operations.keys,
  keys.clients,
  readme.keys,
  keys.rotation,
];

export const ending = operations.wayOut;

const restored = "restoring is a story of its own: test/e2e/restore.test.ts";
const notGrown = "the local storage class cannot expand a volume; test/infra/cluster-settings.test.ts looks after the claims' names";

/** Headings whose commands are run by others, or by nobody, and why. */
const apart: readonly Chapter[] = [
  {
    guide: "README.md",
    heading: "Start",
    steps: [],
    elsewhere: { "npm run up": "makes the cluster that this story needs; test/run.ts takes the same steps", "npm test": "runs this" },
  },
  {
    guide: "README.md",
    heading: "Without Kubernetes",
    steps: [],
    elsewhere: {
      "GRAFANA_ADMIN_PASSWORD=<yours> docker compose up --build": "needs Grafana's image; test/ci/compose.test.ts has the file read by Compose's own parser",
      "docker compose exec broker node /app/client/main.ts request --service echo --body hello": "the same",
    },
  },
  {
    guide: "README.md",
    heading: "How fast, how safe",
    steps: [],
    elsewhere: {
      "npm run bench": "measures for minutes, beside programs that are no part of this; test/unit/bench.test.ts tests its report",
      "npm run simulate -- --seeds 10000": "test/simulation runs the same with fewer seeds",
      "npm run simulate -- --weather switch-storm": "the same",
    },
  },
  {
    guide: "docs/operations.md",
    heading: "Grow a volume",
    steps: [],
    elsewhere: {
      [`kubectl patch pvc data-prometheus-0 -n zeromq -p '{"spec":{"resources":{"requests":{"storage":"50Gi"}}}}'`]: notGrown,
      "pulumi config set --path prometheus.volume.size 50Gi": notGrown,
      "pulumi up": notGrown,
    },
  },
  {
    guide: "docs/operations.md",
    heading: "Backup and restore",
    steps: [],
    elsewhere: {
      "npm run backup -- backups/2026-11-28": restored,
      "npm run restore -- backups/2026-11-28": restored,
      "pulumi stack output serverKeys": restored,
    },
  },
];

export const chapters: readonly Chapter[] = [beginning, ...underLoad, ending, ...apart];
