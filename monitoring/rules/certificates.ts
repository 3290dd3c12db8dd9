import type { Monitored } from "../monitored.ts";
import type { Alert } from "./rule.ts";

const secondsADay = 86_400;
/** How long before a certificate's end somebody is told. */
const days = 30;

/** Nothing shows these as metrics; that they end is known when they are made. */
export function certificateAlerts({ certificates }: Monitored): Alert[] {
  if (certificates.length === 0) return [];
  const ends = certificates.map(({ host, expiresAtSeconds }) => `label_replace(vector(${expiresAtSeconds}), "host", "${host}", "", "")`);
  return [
    {
      alert: "ServingCertificateExpires",
      severity: "warning",
      expr: `(${ends.join(" or ")}) - time() < ${days * secondsADay}`,
      for: "1h",
      summary: "The certificate of {{ $labels.host }} ends in {{ $value | humanizeDuration }}",
      description: "Once it has ended the API server asks there no more, and the number of workers follows the load no longer.",
    },
  ];
}
