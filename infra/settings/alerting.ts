import { thirdPartyImage, volume } from "./monitoring.ts";
import { isPublicAddress } from "./npmRegistry.ts";
import { resources } from "./resources.ts";
import { flag, group, percentage, seconds, text, wholeNumber } from "./values.ts";

const address = (rest: { secret?: boolean } = {}) => text(/^https?:\/\/\S+$/, "an http or https address", rest);
const mailbox = () => text(/^[^\s@<>]+@[^\s@<>]+$/, "an e-mail address");

/** Who is told by e-mail. */
const email = group(
  {
    to: mailbox().describe("Who gets the e-mails."),
    from: mailbox().describe("Who sends them."),
    server: text((server) => /^[\w.-]+:\d+$/.test(server) && URL.canParse(`smtp://${server}`), "a mail server's host and port").describe(
      "The mail server, with its port.",
    ),
    username: text(/^\S+$/, "a user's name without spaces").optional().describe("Who logs in to the mail server."),
    password: text(/^[^\n]+$/, "one line of text (pulumi config set --secret --path alerting.email.password)", { secret: true })
      .optional()
      .describe("The user's password, a secret."),
  },
  { secret: true },
);

/** When an operator is told, and how. */
export const alerting = group(
  {
    enabled: flag().default(true).describe("Whether the stack has an Alertmanager of its own; it needs prometheus.enabled."),
    image: thirdPartyImage("alertmanager"),
    webhook: address({ secret: true }).optional().describe("Where alerts are posted, a secret if its address is one."),
    email: email.optional().describe("To whom alerts are mailed."),
    deadMansSwitch: address({ secret: true })
      .optional()
      .describe("Where a post a minute says that alerting works; what is there must call somebody when none comes."),
    repeatHours: wholeNumber(1, 168).default(4).describe("Hours after which an alert that goes on is told again."),
    runbooks: text(
      (value) => value === "monitoring/runbooks" || isPublicAddress(value),
      "monitoring/runbooks, or an http or https address without a user's name or password",
    )
      .default("monitoring/runbooks")
      .describe("Where the folder monitoring/runbooks can be read; alerts link to it."),
    objectivePercent: percentage(50, 99.999)
      .default(99.9)
      .describe("Percentage of requests that must end well over 30 days; what is left is the error budget."),
    oldestRequestSeconds: seconds(0.1, 86_400)
      .optional()
      .describe("Seconds that a request may wait in a queue; half of longestRequestSeconds where it is not given."),
    keyDays: wholeNumber(1, 3650).default(365).describe("Days after which CURVE keys should be replaced."),
    volume: volume("1Gi").describe("Where silences and what was told already are."),
    resources: resources({
      requests: { cpu: "10m", memory: "32Mi" },
      limits: { cpu: "200m", memory: "128Mi" },
    }).describe("Processor time and memory of Alertmanager."),
  },
  { secret: true },
).prefault({});
