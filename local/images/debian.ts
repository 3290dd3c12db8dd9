import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { Failure } from "../failure.ts";
import { paths } from "../paths.ts";
import { output, run } from "../run.ts";
import { authorities } from "./authorities.ts";
import type { Recipe } from "./recipe.ts";

/** An image with one program of a Debian package, the libraries that it loads, and folders that it reads; this machine gets nothing installed. */
export function debianProgram(name: string, program: string, ...folders: string[]): Recipe {
  return {
    of: `${[program, ...folders].join(", ")} of Debian's ${name}`,
    async prepare(folder, say) {
      const files = await unpacked(name, say);
      copy(join(files, program), folder, program);
      for (const library of await libraries(join(files, program))) copy(library, folder, library);
      for (const one of folders) cpSync(join(files, one), join(folder, one), { recursive: true });
      const trust = authorities();
      if (trust !== undefined) copy(trust, folder, "/etc/ssl/certs/ca-certificates.crt");
      return `FROM scratch\nCOPY . /\nENTRYPOINT ["${program}"]\n`;
    },
  };
}

function copy(source: string, folder: string, place: string): void {
  mkdirSync(join(folder, dirname(place)), { recursive: true });
  copyFileSync(source, join(folder, place));
}

/** A folder with a package's files. */
export async function unpacked(name: string, say: (line: string) => void): Promise<string> {
  const options = { log: `debian-${name}`, todo: "It needs apt-get and a Debian mirror; see the log.", onLine: say };
  const asked = () => output(["apt-get", "download", "--print-uris", name]);
  if (!(await asked())) await run(["apt-get", "-o", "DPkg::Lock::Timeout=600", "update"], options);
  const version = / (\S+)\.deb /.exec((await asked()) ?? "")?.[1];
  if (version === undefined) throw new Failure(`apt-get knows no package ${name}`, { todo: options.todo });
  const target = join(paths.cache, `debian-${version.replaceAll(/[^\w.+-]/g, "_")}`);
  if (existsSync(target)) return target;
  const partial = `${target}.part`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(join(partial, "download"), { recursive: true });
  await run(["apt-get", "-o", "APT::Sandbox::User=root", "download", name], { ...options, cwd: join(partial, "download") });
  const [file] = readdirSync(join(partial, "download"));
  await run(["dpkg-deb", "--extract", join(partial, "download", file!), partial], options);
  rmSync(join(partial, "download"), { recursive: true });
  renameSync(partial, target);
  return target;
}

/** What the dynamic loader loads, and the loader. */
async function libraries(program: string): Promise<string[]> {
  const listed = (await output(["ldd", program])) ?? ""; // nothing for one that is linked statically
  return [...listed.matchAll(/(?:^|\s)(\/\S+)(?= \(0x)/g)].map(([, file]) => file!);
}
