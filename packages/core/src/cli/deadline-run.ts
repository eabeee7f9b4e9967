import type { AutoBulkRun } from '../bulk/auto/auto-bulk.ts'
import type { BulkRequest } from '../bulk/bulk-request.ts'
import type { Harbor } from '../harbor.ts'
import type { BulkArguments } from './arguments.ts'
import type { LineRequest } from './input/line-request.ts'
import { EXIT, type ExitCode } from './options.ts'
import { courtesyStream } from './output/courtesy-stream.ts'
import { planText } from './output/plan-text.ts'
import type { Reporter } from './output/reporter.ts'

/** Prints what a run by deadline would do. With `--json`, the plan is one line of JSON. Nothing is sent, and no file is written. */
export async function dryRun(
  client: Harbor,
  requests: AsyncIterable<BulkRequest>,
  { out, resume, json, concurrency, deadlineMs, maxUsd, client: { spendLimitUsd } }: BulkArguments,
  { fingerprint, badLines }: { readonly fingerprint: string; readonly badLines: () => number },
): Promise<ExitCode> {
  const plan = await client.planBulk(requests, {
    via: 'auto',
    concurrency,
    deadlineMs,
    maxUsd,
    id: (request) => (request as LineRequest).custom_id,
    ...(resume && out !== undefined && { journal: `${out}.journal`, fingerprint }),
  })
  const text = json
    ? JSON.stringify({ type: 'plan', ...plan })
    : planText(plan, (maxUsd ?? spendLimitUsd) !== undefined)
  courtesyStream(process.stdout).write(`${text}\n`)
  return badLines() > 0 ? EXIT.someFailed.code : EXIT.allAnswered.code
}

/**
 * Reports what a run by deadline did.
 * @param code the exit code of the run
 * @returns the exit code: that for spent money if requests were left because of it
 */
export function noteRoutes(run: AutoBulkRun, code: ExitCode, reporter: Reporter): ExitCode {
  const report = run.report()
  reporter.routes(report)
  return report.left > 0 && code === EXIT.someFailed.code ? EXIT.moneySpent.code : code
}
