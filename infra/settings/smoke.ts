import { dnsLabel, group, text, wholeNumber } from "./values.ts";

/** What a switch asks the brokers, before clients are sent to them and after. */
export const smoke = group({
  service: dnsLabel(40).optional().describe("The service that is asked; the first one with workers where it is not given."),
  request: text(/^[^]*$/, "text")
    .default("")
    .describe("The request's body."),
  reply: text(/^[^]*$/, "text")
    .optional()
    .describe("The one right reply; any is right where it is not given."),
  timeoutSeconds: wholeNumber(1, 3600).default(30).describe("Seconds until all brokers must have answered rightly."),
}).prefault({});
