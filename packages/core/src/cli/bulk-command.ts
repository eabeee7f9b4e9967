import type { BulkRun, BulkSummary } from '@harbor/batch'
import { createHash } from 'node:crypto'
import type { BulkAnswer } from '../bulk/bulk-request.ts'
import type { Harbor } from '../harbor.ts'
import type { BulkArguments } from './arguments.ts'
import { createClient } from './create-client.ts'
import { EXIT, type ExitCode } from './options.ts'
import { failureOf, type RunFailure } from './failure.ts'
import { onInterrupts } from './interrupts.ts'
import type { LineRequest } from './line-request.ts'
import { holdJournal, type HeldJournal } from './held-journal.ts'
import { checkOutput, OutputFile } from './output-file.ts'
import { count, money, type Standing } from './progress-line.ts'
import { bytesOf, requestsOn, survey, type OnBadLine, type Survey } from './read-requests.ts'
import { createReporter, type Reporter } from './reporter.ts'
import { resultLine } from './result-line.ts'

/** A bad line, with --stop-on-bad-line. It has been told. */
class StoppedByBadLine extends Error {
  override readonly name = 'StoppedByBadLine'
}

/**
 * `harbor bulk`: from a file of requests to a file of answers, by way of a journal.
 * @returns the exit code
 * @throws UsageError and what else makes the run impossible, before anything is asked
 */
export async function bulkCommand(args: BulkArguments): Promise<ExitCode> {
  const journalPath = `${args.out}.journal`
  const reporter = createReporter(process, args.json)
  let badLines = 0
  const onBadLine: OnBadLine = (problem) => {
    badLines++
    reporter.badLine(problem)
    if (args.stopOnBadLine) throw new StoppedByBadLine()
  }
  await checkOutput(args.out, journalPath, args.resume)
  const client = createClient(args)
  try {
    const surveyed = args.input === undefined ? undefined : await survey(args.input, args.lines, onBadLine)
    // What is wrong with a file has been told by now.
    const bytes = args.input === undefined ? process.stdin : bytesOf(args.input)
    const requests = requestsOn(bytes, args.lines, surveyed ? () => undefined : onBadLine)
    // Until the answers have their name, too: whoever has the journal writes them.
    const journal = await holdJournal(journalPath)
    try {
      await countSpent(journal, { args, client, reporter })
      const run = client.bulk(requests, bulkOptions(args, journal, surveyed))
      return await carryOut(run, { args, client, reporter, badLines: () => badLines })
    } finally {
      await journal.release()
    }
  } catch (error) {
    if (error instanceof StoppedByBadLine) {
      reporter.note('Nothing was asked. Mend that line, or leave --stop-on-bad-line out.')
      return EXIT.someFailed.code
    }
    throw error
  } finally {
    // A pipe that nobody reads to its end would keep the process alive.
    if (args.input === undefined) process.stdin.destroy()
    void client.close()
  }
}

/** The limit is that of all runs with this journal together, as far as what they were answered goes. */
async function countSpent(
  journal: HeldJournal,
  { args, client, reporter }: Omit<Surroundings, 'badLines'>,
): Promise<void> {
  const limitUsd = args.client.spendLimitUsd
  if (limitUsd === undefined || journal.ofRun.size === 0) return
  const { usd, unpriced } = await journal.spent()
  // What is answered is written down also when nothing is left.
  client.configure({ spendLimit: { usd: Math.max(limitUsd - usd, Number.MIN_VALUE), per: 'total' } })
  if (usd > 0)
    reporter.note(`${money({ usd, unpriced: 0 })} of the spend limit went into what is answered already.`)
  if (unpriced > 0)
    reporter.note(`${count(unpriced)} answers of earlier runs have no known price, and are not counted.`)
}

function bulkOptions(
  args: BulkArguments,
  journal: HeldJournal,
  surveyed: Survey | undefined,
): Parameters<Harbor['bulk']>[1] {
  const { via, lines, concurrency } = args
  const { model, system, maxTokens, url } = lines
  const asked = JSON.stringify([surveyed?.digest, via, model, system, maxTokens, url])
  return {
    via,
    journal: journal.ofRun,
    id: (request) => (request as LineRequest).custom_id,
    fingerprint: createHash('sha256').update(asked).digest('hex'),
    total: surveyed?.requests,
    ...(via === 'provider' ? { providerBatch: { endpoint: lines.onlyUrl } } : { concurrency }),
  }
}

interface Surroundings {
  readonly args: BulkArguments
  readonly client: Harbor
  readonly reporter: Reporter
  readonly badLines: () => number
}

async function carryOut(
  run: BulkRun<BulkAnswer>,
  { args, client, reporter, badLines }: Surroundings,
): Promise<ExitCode> {
  const output = new OutputFile(args.out)
  let interrupts = 0
  const stopListening = onInterrupts({
    first() {
      interrupts = 1
      run.stop()
      reporter.note(
        `Stopping: ${count(run.progress().inFlight)} requests under way get their answers. Ctrl-C again ends at once.`,
      )
    },
    second() {
      interrupts = 2
      run.abort(new Error('interrupted'))
    },
  })
  reporter.begin(standing)
  let summary: BulkSummary | undefined
  let failure: RunFailure | undefined
  try {
    for await (const result of run) await output.write(resultLine(result))
    summary = await run.summary
  } catch (error) {
    if (interrupts < 2) failure = error instanceof StoppedByBadLine ? BAD_LINE : failureOf(error)
    await run.summary.catch(() => undefined) // The journal is unlocked then.
  }
  const isWhole = summary?.stoppedBy === undefined && summary !== undefined
  try {
    await (isWhole ? output.finish() : output.leave())
  } catch (error) {
    failure ??= failureOf(error)
  }
  stopListening()
  const code = failure?.code ?? (isWhole ? codeOf(standing()) : EXIT.interrupted.code)
  reporter.end(summary, standing(), code)
  if (failure?.message) reporter.note(failure.message)
  if (code !== EXIT.unusable.code || output.isBegun)
    reporter.note(lastWord(output, code, isWhole && !failure))
  return code

  function standing(): Standing {
    const { cost, limits } = client.stats()
    const heldBack = Object.values(limits).reduce((sum, { rate }) => sum + rate.waiting, 0)
    return {
      run: run.progress(),
      usd: cost.spentUsd,
      unpriced: cost.unpricedCalls,
      badLines: badLines(),
      heldBack,
      stopping: interrupts > 0,
    }
  }
}

const BAD_LINE: RunFailure = { code: EXIT.someFailed.code, message: '' }

function codeOf({ run, badLines }: Standing): ExitCode {
  return run.failed > 0 || badLines > 0 ? EXIT.someFailed.code : EXIT.allAnswered.code
}

function lastWord(output: OutputFile, code: ExitCode, isWhole: boolean): string {
  const { path } = output
  if (!isWhole) {
    const soFar = output.isBegun ? ` (so far: ${output.partPath})` : ''
    return `Not finished. What is answered is kept in ${path}.journal${soFar}; the same command with --resume goes on.`
  }
  const again =
    code === EXIT.allAnswered.code ? '' : ' The same command with --resume asks again what failed.'
  return `The answers are in ${path}.${again}`
}
