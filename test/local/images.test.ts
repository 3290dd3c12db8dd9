import { expect, test } from "vitest";
import { thirdPartyImages } from "../../infra/settings/thirdPartyImages.ts";
import { recipes } from "../../local/images/thirdParty.ts";
import { versions } from "../../local/versions.ts";

test("what is made of Elasticsearch and Filebeat is the version that the settings name, and Kibana's is the same", () => {
  for (const part of ["elasticsearch", "filebeat", "kibana"] as const) expect(thirdPartyImages[part]).toBe(`elastic/${part}:${versions.elastic}`);
  for (const part of ["elasticsearch", "filebeat"] as const) expect(recipes[part]?.of).toContain(versions.elastic);
});
