import type { BulkSummary } from '@harbor/batch'
import type { Writable } from 'node:stream'
import type { AutoBulkReport } from '../../bulk/auto/auto-report.ts'
import type { CostRow } from '../../reporting/cost-row.ts'
import { courtesyStream } from './courtesy-stream.ts'
import { reportTable } from './report-table.ts'
import { routeLines } from './plan-text.ts'
import { progressLine, summaryLine, type Standing } from './progress-line.ts'

/** Reports the progress of a run. */
export interface Reporter {
  /** Reports progress at an interval, until `end()` is called. */
  begin(standing: () => Standing): void
  badLine(problem: string): void
  /** Prints a note to the user on standard error. Notes are not part of the JSON lines. */
  note(text: string): void
  /** Reports what a run by deadline did on each route. */
  routes(report: AutoBulkReport): void
  /** Reports the totals, and the costs of the run if `costs` is given, and stops the progress reports. */
  end(
    summary: BulkSummary | undefined,
    standing: Standing,
    exitCode: number,
    costs?: readonly CostRow[],
  ): void
}

/** The streams of a process that a reporter needs. */
export interface Streams {
  readonly stdout: Writable
  readonly stderr: Writable & { readonly isTTY?: boolean; readonly columns?: number }
}

const REDRAW_MS = 100
/**
 * The number of columns left free at the end of the progress line. They are for the `^C` that a terminal prints there.
 * If the `^C` went to the next line, the next progress line would not overwrite it.
 */
const SPARE_COLUMNS = 3
const PLAIN_MS = 5_000
const JSON_MS = 1_000

/**
 * Creates a reporter. On a terminal, it redraws one progress line; elsewhere, it prints a new line each time. With
 * `json`, it writes JSON lines to standard output. It uses no colours.
 */
export function createReporter(streams: Streams, json: boolean): Reporter {
  const terminal = streams.stderr
  const [stdout, stderr] = [courtesyStream(streams.stdout), courtesyStream(terminal)]
  const isTerminal = terminal.isTTY === true && process.env['TERM'] !== 'dumb' && !json
  let timer: ReturnType<typeof setInterval> | undefined
  let isDrawn = false

  const jsonLine = (value: object): void => stdout.write(`${JSON.stringify(value)}\n`)
  const print = (text: string): void => {
    // Clears the line even if no progress line is drawn: the terminal may have echoed keys.
    stderr.write(`${isTerminal ? '\r\u001b[K' : ''}${text}\n`)
    isDrawn = false
  }
  const show = (standing: Standing): void => {
    if (json) jsonLine({ type: 'progress', ...factsOf(standing), ...standing.run })
    else if (isTerminal) {
      // A terminal of unknown width reports 0.
      stderr.write(`\r\u001b[K${progressLine(standing, (terminal.columns || 80) - SPARE_COLUMNS)}`)
      isDrawn = true
    } else print(progressLine(standing))
  }
  return {
    begin(standing) {
      timer = setInterval(() => show(standing()), json ? JSON_MS : isTerminal ? REDRAW_MS : PLAIN_MS)
      timer.unref()
    },
    badLine(problem) {
      if (json) jsonLine({ type: 'bad-line', problem })
      print(`harbor: ${problem}`)
    },
    note: (text) => print(`harbor: ${text}`),
    routes(report) {
      const { plan: _plan, ...facts } = report
      if (json) jsonLine({ type: 'routes', ...facts })
      else for (const line of routeLines(report)) print(`harbor: ${line}`)
    },
    end(summary, standing, exitCode, costs) {
      clearInterval(timer)
      if (isDrawn) print(progressLine(standing))
      if (json && costs) jsonLine({ type: 'report', rows: costs })
      if (json) jsonLine({ type: 'summary', exitCode, ...factsOf(standing), ...summary })
      else if (summary) print(summaryLine(summary, standing))
      if (costs && !json) print(reportTable(costs))
    },
  }
}

function factsOf({ usd, unpriced, badLines, heldBack }: Standing): object {
  return { usd, unpriced, badLines, heldBack }
}
