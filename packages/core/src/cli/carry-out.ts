import type { BulkRun, BulkSummary } from '@harbor/batch'
import type { BulkAnswer } from '../bulk/bulk-request.ts'
import type { AnswerSink } from './output/answer-sink.ts'
import type { BulkArguments } from './arguments.ts'
import { failureOf, type RunFailure } from './failure.ts'
import { lastWord } from './output/last-word.ts'
import { EXIT, type ExitCode } from './options.ts'
import { OutputFile } from './output/output-file.ts'
import { count, money, type Standing } from './output/progress-line.ts'
import type { Reporter } from './output/reporter.ts'
import { resultLine, secretsRemover } from './output/result-line.ts'
import type { RunCosts } from './run-costs.ts'
import { type RunReport, unpricedAnswers, writeReport } from './run-report.ts'
import { StandardOutput } from './output/standard-output.ts'

/** What a run of the command needs besides the run itself. */
export interface Surroundings {
  readonly args: BulkArguments
  readonly costs: RunCosts
  readonly reporter: Reporter
  /** The report of costs; undefined if none is requested. */
  readonly report: RunReport | undefined
  readonly badLines: () => number
}

/** Carries out a run: writes the answers, reports the progress, and stops the run when the user interrupts it. */
export async function carryOut(
  run: BulkRun<BulkAnswer>,
  { args, costs, reporter, report, badLines }: Surroundings,
): Promise<ExitCode> {
  const output = args.out === undefined ? new StandardOutput(process.stdout) : new OutputFile(args.out)
  const withoutSecrets = secretsRemover(args.client.apiKey, args.fleet?.url ?? args.client.baseURL)
  let interrupts = 0
  const stopListening = onInterrupts({
    first() {
      interrupts = 1
      const { inFlight, waiting } = run.progress()
      run.stop()
      // Those of a batch are in flight as well, and get no answer before the next run.
      const stays =
        args.via === 'direct'
          ? `${count(inFlight - waiting)} requests in flight get their answers.`
          : `calls in flight get their answers. Batches go on at the provider, ${args.out === undefined ? 'unread without a journal' : 'and --resume reads their answers'}.`
      reporter.note(`Stopping: ${stays} Ctrl-C again ends at once.`)
    },
    second() {
      interrupts = 2
      run.abort(new Error('interrupted'))
    },
  })
  reporter.begin(standing)
  const { summary, ...drained } = await drain(run, output, { report, costs }, withoutSecrets)
  let failure = interrupts < 2 ? drained.failure : undefined
  const isComplete = summary !== undefined && summary.stoppedBy === undefined
  const isWhole = isComplete && !failure && (await ended(output.finish()))
  if (!isWhole) await ended(output.leave())
  stopListening()
  const standsAt = standing()
  const rows = report?.rows(costs)
  const unwritten = rows && args.reportCsv !== undefined ? await writeReport(args.reportCsv, rows) : undefined
  const code = failure?.code ?? unwritten?.code ?? (isWhole ? codeOf(standsAt) : EXIT.interrupted.code)
  reporter.end(summary, standsAt, code, args.report ? rows : undefined)
  if (report && report.earlierUsd > 0 && args.report)
    reporter.note(
      `${money({ usd: report.earlierUsd, unpriced: 0 })} of the total cost is that of earlier runs.`,
    )
  if (unwritten) reporter.note(unwritten.message)
  if (failure?.message) reporter.note(withoutSecrets(failure.message))
  const { isBegun } = output
  const word = lastWord(args, { failure, isWhole, isBegun, failed: standsAt.run.failed })
  // A run that could not start has nothing to resume.
  const isResumable = code !== EXIT.unusable.code || isBegun || failure?.remedy !== undefined
  if (word !== undefined && isResumable) reporter.note(word)
  return code

  /**
   * Waits for one step of the output, such as closing the file.
   * @returns whether the step succeeded. If not, its error becomes the failure of the run, unless the run has failed
   * already
   */
  async function ended(step: Promise<void>): Promise<boolean> {
    try {
      await step
      return true
    } catch (error) {
      failure ??= failureOf(error)
      return false
    }
  }

  function standing(): Standing {
    return {
      run: run.progress(),
      usd: costs.spentUsd,
      unpriced: unpricedAnswers(costs),
      badLines: badLines(),
      heldBack: costs.heldBack,
      stopping: interrupts > 0,
    }
  }
}

/**
 * Writes the answers as they arrive. If they can no longer be written, stops the run but reads it to its end. It is not
 * aborted, because requests in flight will be billed, and the journal can still store their answers.
 */
async function drain(
  run: BulkRun<BulkAnswer>,
  output: AnswerSink,
  { report, costs }: Pick<Surroundings, 'report' | 'costs'>,
  withoutSecrets: (text: string) => string,
): Promise<{ summary?: BulkSummary; failure?: RunFailure }> {
  let failure: RunFailure | undefined
  try {
    for await (const result of run) {
      report?.note(result)
      costs.note(result)
      if (failure) continue
      try {
        await output.write(resultLine(result, withoutSecrets))
      } catch (error) {
        failure = failureOf(error)
        run.stop()
      }
    }
    const summary = await run.summary
    return failure ? { summary, failure } : { summary }
  } catch (error) {
    await run.summary.catch(() => undefined) // Waits until the journal is unlocked.
    return { failure: failure ?? failureOf(error) }
  }
}

function codeOf({ run, badLines }: Standing): ExitCode {
  return run.failed > 0 || badLines > 0 ? EXIT.someFailed.code : EXIT.allAnswered.code
}

/** The actions for the first and the second Ctrl-C. */
interface InterruptHandlers {
  first(): void
  second(): void
}

/** The signals that interrupt a run: Ctrl-C, SIGTERM, and SIGHUP, which is sent when the terminal is closed. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Handles all signals that request the end of a process.
 * @returns a function that removes the handlers, so that these signals end the process as usual again
 */
function onInterrupts(handlers: InterruptHandlers): () => void {
  let interrupts = 0
  const listener = (): void => {
    interrupts++
    if (interrupts === 1) handlers.first()
    else if (interrupts === 2) handlers.second()
  }
  for (const signal of SIGNALS) process.on(signal, listener)
  return () => {
    for (const signal of SIGNALS) process.off(signal, listener)
  }
}
