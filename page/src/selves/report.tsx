// The gate's numbers with what they are compared to, and what a night cost.
import type { Check, Receipt, Report } from "../api/types.js";
import { useWords } from "../words/index.js";

function shown(check: Check, value: number | null): string {
  if (value === null) return "–";
  if (check.unit === "share") return `${Math.round(value * 100)} %`;
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(4);
}

function limitOf(check: Check): string {
  if (check.limit === null || check.rule === "information") return "";
  const sign = check.rule === "at_least" ? "≥ " : check.rule === "rise_at_most" ? "+ ≤ " : "≤ ";
  return sign + shown(check, check.limit);
}

export function ReportTable({ report }: { report: Report }) {
  const words = useWords();
  if (report.checks.length === 0) return null;
  return (
    <div class="scrolls" tabIndex={0} role="region" aria-label={words.report.title}>
      <table class="report">
        <caption>{words.report.title}</caption>
        <thead>
          <tr>
            <th scope="col">{words.report.check}</th>
            <th scope="col">{words.report.before}</th>
            <th scope="col">{words.report.after}</th>
            <th scope="col">{words.report.limit}</th>
            <th scope="col">{words.report.verdict}</th>
          </tr>
        </thead>
        <tbody>
          {report.checks.map((check) => (
            <tr key={check.name}>
              <th scope="row">{words.report.name(check.name)}</th>
              <td>{shown(check, check.before)}</td>
              <td>{shown(check, check.after)}</td>
              <td>{limitOf(check)}</td>
              <td class={check.ok ? "good" : "problem"}>{check.rule === "information" ? words.report.information : check.ok ? words.report.ok : words.report.notOk}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function ReceiptLine({ receipt }: { receipt: Receipt }) {
  const words = useWords();
  const parts = [
    receipt.seconds !== undefined && words.seconds(receipt.seconds),
    receipt.tokens_trained !== undefined && words.report.trained(receipt.tokens_trained),
    receipt.peak_rss_bytes !== undefined && words.report.memory(Math.round(receipt.peak_rss_bytes / 1e6)),
    typeof receipt.money === "number" && `${receipt.money} ${receipt.currency ?? ""}`,
  ];
  return <p class="receipt"><span class="badge">{words.report.receipt}</span> {parts.filter(Boolean).join(" · ")}</p>;
}
