import type { FailureKind } from '@harbor/retry'
import { createHash } from 'node:crypto'
import type { Harbor } from '../harbor.ts'
import { refuseAliases } from './aliases.ts'
import type { BulkArguments } from './arguments.ts'
import { carryOut, type Surroundings } from './carry-out.ts'
import { createClient } from './create-client.ts'
import { StoppedByBadLine } from './failure.ts'
import { holdJournal, type HeldJournal } from './held-journal.ts'
import type { LineRequest } from './line-request.ts'
import { EXIT, type ExitCode } from './options.ts'
import { checkOutput } from './output-file.ts'
import { count, money } from './progress-line.ts'
import { requestsOn, survey, type OnBadLine, type Survey } from './read-requests.ts'
import { streamOf, sniffed } from './input-file.ts'
import { createReporter } from './reporter.ts'

/**
 * `harbor bulk`: from a file of requests to a file of answers, by way of a journal.
 * @returns the exit code
 * @throws UsageError and whatever else makes the run impossible, before anything is sent
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
  if (out !== undefined) {
    await refuseAliases(input, out)
    await checkOutput(out, `${out}.journal`, args.resume)
  }
  const client = createClient(args)
  try {
    const surveyed = input === undefined ? undefined : await survey(input, lines, onBadLine)
    // What is wrong with a file was reported by the survey.
    const requests = surveyed
      ? requestsOn(surveyed.file.read(), lines, () => undefined)
      : requestsOn(await sniffed(input ?? 'standard input', readOnce(input)), lines, onBadLine)
    if (surveyed?.requests === 0 && badLines === 0)
      reporter.note(`${input} holds no requests: nothing is sent.`)
    // Held until the answers have their name, too: only the holder of the journal writes them.
    const journal = out === undefined ? undefined : await holdJournal(`${out}.journal`)
    try {
      await countSpent(journal, { args, client, reporter })
      const onOutage = (kind: FailureKind | undefined): void => reporter.note(outageNote(kind))
      const run = client.bulk(requests, {
        ...bulkOptions(args, journal, surveyed),
        ...(args.via === 'direct' && { patienceMs: PATIENCE_MS, onOutage }),
      })
      const code = await carryOut(run, { args, client, reporter, badLines: () => badLines })
      if (code !== EXIT.unusable.code && (await surveyed?.file.hasChanged()))
        reporter.note(`${input} has changed since. The answers are to what it was when the run began.`)
      return code
    } finally {
      await journal?.release()
    }
  } catch (error) {
    if (error instanceof StoppedByBadLine) {
      reporter.note('Nothing was asked. Mend that line, or leave --stop-on-bad-line out.')
      return EXIT.someFailed.code
    }
    throw error
  } finally {
    // A pipe that is not read to its end would keep the process alive.
    if (input === undefined) process.stdin.destroy()
    void client.close()
  }
}

/** A run has a day, and nobody waits in front of it. */
const PATIENCE_MS = 86_400_000

function outageNote(kind: FailureKind | undefined): string {
  return kind === undefined
    ? 'The provider answers again.'
    : `The provider does not answer (${kind}). The run waits, for a day at most, and tries again from time to time. Ctrl-C ends it.`
}

/** Standard input or a named pipe. */
function readOnce(input: string | undefined): AsyncIterable<Uint8Array> {
  return input === undefined ? process.stdin : streamOf(input)
}

/** The limit is that of all runs with this journal together, as far as the cost of their answers is known. */
async function countSpent(
  journal: HeldJournal | undefined,
  { args, client, reporter }: Omit<Surroundings, 'badLines'>,
): Promise<void> {
  const limitUsd = args.client.spendLimitUsd
  if (limitUsd === undefined || !journal || journal.ofRun.size === 0) return
  const { usd, unpriced } = await journal.spent()
  // What is answered is written also when nothing is left of the limit.
  client.configure({ spendLimit: { usd: Math.max(limitUsd - usd, Number.MIN_VALUE), per: 'total' } })
  if (usd > 0)
    reporter.note(`${money({ usd, unpriced: 0 })} of the spend limit went into what is answered already.`)
  if (unpriced > 0)
    reporter.note(`${count(unpriced)} answers of earlier runs have no known price, and are not counted.`)
}

function bulkOptions(
  args: BulkArguments,
  journal: HeldJournal | undefined,
  surveyed: Survey | undefined,
): Parameters<Harbor['bulk']>[1] {
  const { via, lines, concurrency } = args
  const { model, system, maxTokens, url } = lines
  const asked = JSON.stringify([surveyed?.digest, via, model, system, maxTokens, url])
  const kept = journal && {
    journal: journal.ofRun,
    fingerprint: createHash('sha256').update(asked).digest('hex'),
  }
  return {
    via,
    ...kept,
    id: (request) => (request as LineRequest).custom_id,
    total: surveyed?.requests,
    ...(via === 'provider' ? { providerBatch: { endpoint: lines.onlyUrl } } : { concurrency }),
  }
}
