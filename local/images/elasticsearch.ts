import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "../failure.ts";
import { missingPackages } from "../found.ts";
import { paths } from "../paths.ts";
import { run } from "../run.ts";
import type { Say } from "../steps.ts";
import { testPackages, versions } from "../versions.ts";
import { unpacked } from "./debian.ts";
import type { Recipe } from "./recipe.ts";
import { localRegistry } from "./registry.ts";

const java = "openjdk-17-jre-headless";
const home = "/usr/share/elasticsearch";

/** The distribution that Maven's repository has: a whole server without most of Elastic's additions. `logging.elasticsearch.distribution` is `bare`. */
export const elasticsearch: Recipe = {
  of: `Maven's distribution of Elasticsearch ${versions.elastic}, Debian's ${java} and ${versions.baseImage}`,
  async prepare(folder, say) {
    const distribution = await fetched(say);
    // Alone: what it needs of other packages is for pictures and sound.
    cpSync(await unpacked(java, say), join(folder, "java"), { recursive: true, verbatimSymlinks: true });
    cpSync(distribution, join(folder, "elasticsearch"), { recursive: true });
    const [machine] = readdirSync(join(folder, "java/usr/lib/jvm")).filter((name) => name.startsWith("java-17"));
    return [
      `FROM ${localRegistry}/${versions.baseImage}`,
      "COPY java /",
      // The places, the user and the group of Elastic's own image.
      `COPY --chown=1000:0 elasticsearch ${home}`,
      `ENV ES_JAVA_HOME=/usr/lib/jvm/${machine}`,
      `WORKDIR ${home}`,
      "USER 1000:0",
      `ENTRYPOINT ["${home}/bin/elasticsearch"]`,
      "",
    ].join("\n");
  },
};

async function fetched(say: Say): Promise<string> {
  const target = join(paths.cache, `elasticsearch-${versions.elastic}`);
  if (existsSync(target)) return target;
  if ((await missingPackages({ mvn: testPackages["mvn"]! })).length > 0) {
    throw new Failure("Elasticsearch's distribution is fetched with mvn, which is missing", { todo: "apt-get install maven" });
  }
  const partial = `${target}.part`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  const artifact = `org.elasticsearch.distribution.integ-test-zip:elasticsearch:${versions.elastic}:zip`;
  // It leaves a folder where it is run.
  const options = { log: "elasticsearch", cwd: partial, todo: "It needs Maven's central repository; see the log.", onLine: say };
  await run(
    ["mvn", "--batch-mode", "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:unpack", `-Dartifact=${artifact}`, `-DoutputDirectory=${partial}`],
    options,
  );
  renameSync(join(partial, `elasticsearch-${versions.elastic}`), target);
  rmSync(partial, { recursive: true, force: true });
  return target;
}
