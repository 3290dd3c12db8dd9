import { cpSync } from "node:fs";
import { join } from "node:path";
import { built, binaries, type GoBuild } from "../toolchain/build.ts";
import type { Recipe } from "./recipe.ts";

/** An image with one program, compiled from its Go module, and nothing else. */
export function goProgram(build: GoBuild, program: string): Recipe {
  return {
    of: [`/bin/${program} ${build.version} from its Go module`, ...(build.tags ?? [])].join(", "),
    async prepare(folder, say) {
      await built(build, say);
      cpSync(join(binaries(build), program), join(folder, program));
      // Not at the root, where volumes have the programs' names.
      return `FROM scratch\nCOPY ${program} /bin/${program}\nENTRYPOINT ["/bin/${program}"]\n`;
    },
  };
}
