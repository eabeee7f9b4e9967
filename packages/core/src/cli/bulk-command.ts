import type { FailureKind } from '@harbor/retry'
import { createHash } from 'node:crypto'
import { basename } from 'node:path'
import type { AutoBulkRun } from '../bulk/auto/auto-bulk.ts'
import type { Harbor } from '../harbor.ts'
import { refuseAliases } from './input/aliases.ts'
import type { BulkArguments } from './arguments.ts'
import { carryOut } from './carry-out.ts'
import { createClient } from './create-client.ts'
import { dryRun, noteRoutes } from './deadline-run.ts'
import { earlierRuns, lowerLimit } from './earlier-runs.ts'
import { StoppedByBadLine } from './failure.ts'
import { holdJournal, type HeldJournal } from './held-journal.ts'
import type { LineRequest } from './input/line-request.ts'
import { EXIT, type ExitCode } from './options.ts'
import { checkOutput } from './output/output-file.ts'
import { runOnFleet } from './fleet-run.ts'
import { costsOfAnswers, costsOfClient } from './run-costs.ts'
import { requestsOn, survey, type OnBadLine, type Survey } from './input/read-requests.ts'
import { streamOf, sniffed } from './input/input-file.ts'
import { createReporter } from './output/reporter.ts'
import { checkReportFile } from './run-report.ts'
import { openPage } from './open-page.ts'

/**
 * Runs `harbor bulk`: sends the requests of a file, and writes the answers to another file, with a journal.
 * @returns the exit code
 * @throws UsageError, or another error that prevents the run, before anything is sent
 */
export async function bulkCommand(args: BulkArguments): Promise<ExitCode> {
  const { out, input, maxLineBytes } = args
  const lines = { defaults: args.lines, maxLineBytes }
  const reporter = createReporter(process, args.json)
  let badLines = 0
  const onBadLine: OnBadLine = (problem) => {
    badLines++
    reporter.badLine(problem)
    if (args.stopOnBadLine) throw new StoppedByBadLine()
  }
  if (out !== undefined && !args.dryRun) {
    await refuseAliases(input, out)
    await checkOutput(out, `${out}.journal`, args.resume)
  }
  if (args.reportCsv !== undefined) await checkReportFile(args.reportCsv, args)
  const client = args.fleet ? undefined : createClient(args)
  const costs = client ? costsOfClient(client) : costsOfAnswers()
  let page: Awaited<ReturnType<typeof openPage>> | undefined
  try {
    if (args.page && client) {
      page = await openPage(client, `harbor bulk ${basename(input ?? 'standard input')}`)
      reporter.note(`The run is shown at ${page.url}`)
    }
    const surveyed = input === undefined ? undefined : await survey(input, lines, onBadLine)
    // The survey has already reported the bad lines of a file.
    const requests = surveyed
      ? requestsOn(surveyed.file.read(), lines, () => undefined)
      : requestsOn(await sniffed(input ?? 'standard input', readOnce(input)), lines, onBadLine)
    if (surveyed?.requests === 0 && badLines === 0)
      reporter.note(`${input} holds no requests: nothing is sent.`)
    if (args.dryRun && client) {
      const fingerprint = fingerprintOf(args, surveyed)
      return await dryRun(client, requests, args, { fingerprint, badLines: () => badLines })
    }
    // The journal stays locked until the file of answers has its final name, so that only the process that has the
    // journal writes that file.
    const journal = out === undefined ? undefined : await holdJournal(`${out}.journal`)
    try {
      const report = await earlierRuns(
        journal,
        args,
        (earlier) => client && lowerLimit(args, earlier, client, reporter),
      )
      const onOutage = (kind: FailureKind | undefined): void => reporter.note(outageNote(kind))
      const options = bulkOptions(args, journal, surveyed)
      const run = client
        ? client.bulk(requests, {
            ...options,
            ...(args.via !== 'provider' && { patienceMs: PATIENCE_MS, onOutage }),
          })
        : await runOnFleet(requests, args, options, reporter)
      const carriedOut = await carryOut(run, {
        args,
        costs,
        reporter,
        report,
        badLines: () => badLines,
      })
      const code = 'report' in run ? noteRoutes(run as AutoBulkRun, carriedOut, reporter) : carriedOut
      if (code !== EXIT.unusable.code && (await surveyed?.file.hasChanged()))
        reporter.note(`${input} has changed since. The answers belong to its content when the run began.`)
      return code
    } finally {
      await journal?.release()
    }
  } catch (error) {
    if (error instanceof StoppedByBadLine) {
      reporter.note('Nothing was sent. Correct that line, or leave --stop-on-bad-line out.')
      return EXIT.someFailed.code
    }
    throw error
  } finally {
    // A pipe that is not read to its end would keep the process alive.
    if (input === undefined) process.stdin.destroy()
    void client?.close()
    await page?.close()
  }
}

/**
 * The maximum time that a run waits for the end of an outage, in milliseconds: a day, since no user waits for a single
 * answer.
 */
export const PATIENCE_MS = 86_400_000

function outageNote(kind: FailureKind | undefined): string {
  return kind === undefined
    ? 'The provider answers again.'
    : `The provider does not answer (${kind}). The run tries again for at most a day. Ctrl-C ends it.`
}

/** Reads standard input or a named pipe, which can be read only once. */
function readOnce(input: string | undefined): AsyncIterable<Uint8Array> {
  return input === undefined ? process.stdin : streamOf(input)
}

function bulkOptions(
  args: BulkArguments,
  journal: HeldJournal | undefined,
  surveyed: Survey | undefined,
): NonNullable<Parameters<Harbor['bulk']>[1]> {
  const { via, lines, concurrency, deadlineMs, maxUsd } = args
  const journaled = journal && { journal: journal.ofRun, fingerprint: fingerprintOf(args, surveyed) }
  return {
    via,
    ...journaled,
    id: (request) => (request as LineRequest).custom_id,
    total: surveyed?.requests,
    ...(via === 'provider' ? { providerBatch: { endpoint: lines.onlyUrl } } : { concurrency }),
    ...(via === 'auto' && { deadlineMs, maxUsd }),
  }
}

/** Returns the fingerprint of everything on which the answers depend: the requests, and the options that change them. */
function fingerprintOf({ via, lines }: BulkArguments, surveyed: Survey | undefined): string {
  const { model, system, maxTokens, url } = lines
  const identity = JSON.stringify([surveyed?.digest, via, model, system, maxTokens, url])
  return createHash('sha256').update(identity).digest('hex')
}
