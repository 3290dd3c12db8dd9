/** Who is told; what is not given is told nothing. */
export interface Receivers {
  readonly webhook?: string | undefined;
  readonly email?:
    | {
        readonly to: string;
        readonly from: string;
        readonly server: string;
        readonly username?: string | undefined;
        readonly password?: string | undefined;
      }
    | undefined;
  readonly deadMansSwitch?: string | undefined;
  readonly repeatHours: number;
}

export const alertmanagerPaths = {
  configuration: "/etc/alertmanager",
  data: "/alertmanager",
} as const;

const nobody = "nobody";
const operators = "operators";
const deadMansSwitch = "dead-mans-switch";

/** Whether an alert reaches anybody. */
export function reachesSomebody({ webhook, email }: Pick<Receivers, "webhook" | "email">): boolean {
  return webhook !== undefined || email !== undefined;
}

/** alertmanager.yml, as an object. */
export function alertmanagerConfiguration(receivers: Receivers) {
  const { webhook, email, repeatHours } = receivers;
  const someone = reachesSomebody(receivers) ? operators : nobody;
  return {
    route: {
      receiver: someone,
      group_by: ["alertname", "service"],
      group_wait: "30s",
      group_interval: "5m",
      repeat_interval: `${repeatHours}h`,
      routes: [
        // A sign of life each minute; never to people.
        {
          matchers: ['alertname="Watchdog"'],
          receiver: receivers.deadMansSwitch === undefined ? nobody : deadMansSwitch,
          group_wait: "0s",
          group_interval: "1m",
          repeat_interval: "50s",
        },
      ],
    },
    // Who is told that there is no broker need not be told of each broker and its consequences.
    inhibit_rules: [
      { source_matchers: ['alertname="ZeromqNoBroker"'], target_matchers: ['alertname=~"Zeromq(BrokerDown|MetricAbsent|WorkerWithoutBroker)"'] },
      {
        source_matchers: ['alertname="ZeromqServiceWithoutWorkers"'],
        target_matchers: ['alertname=~"Zeromq(QueueGrowing|OldestRequestTooOld)"'],
        equal: ["service"],
      },
      { source_matchers: ['alertname="ZeromqErrorBudgetBurnsFast"'], target_matchers: ['alertname="ZeromqErrorBudgetBurnsSlowly"'] },
    ],
    receivers: [
      { name: nobody },
      ...(someone === nobody
        ? []
        : [
            {
              name: operators,
              ...(webhook !== undefined && { webhook_configs: [{ url: webhook, send_resolved: true }] }),
              ...(email !== undefined && { email_configs: [mail(email)] }),
            },
          ]),
      ...(receivers.deadMansSwitch === undefined ? [] : [{ name: deadMansSwitch, webhook_configs: [{ url: receivers.deadMansSwitch, send_resolved: false }] }]),
    ],
  };
}

function mail({ to, from, server, username, password }: NonNullable<Receivers["email"]>) {
  return {
    to,
    from,
    smarthost: server,
    send_resolved: true,
    ...(username !== undefined && { auth_username: username }),
    ...(password !== undefined && { auth_password: password }),
  };
}
