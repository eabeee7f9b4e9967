import type { BulkProgress, BulkSummary } from '@harbor/batch'

/** The progress of a run, together with facts from outside the bulk run, such as the cost. */
export interface Standing {
  readonly run: BulkProgress
  /** The total cost of the answers with a known price, in US dollars. */
  readonly usd: number
  /** The number of answers with an unknown price. */
  readonly unpriced: number
  readonly badLines: number
  /** The number of calls that wait for a rate limit. */
  readonly heldBack: number
  readonly stopping: boolean
}

/** The possible lengths of the progress bar, in characters. The longest one that fits is drawn. */
const BAR_CELLS = [20, 10, 0]

/**
 * Describes the progress of a run in one line. The number of finished requests, the time left and the cost come first,
 * because a line that is too long is cut off at its end.
 * @param columns the maximum length, in characters
 */
export function progressLine(standing: Standing, columns = Infinity): string {
  const { run, badLines } = standing
  const { failed, ratePerMinute, inFlight, tokens } = run
  const details = [
    failed > 0 && `${count(failed)} failed`,
    badLines > 0 && plural(badLines, 'bad line'),
    `${count(Math.round(ratePerMinute))}/min`,
    `${count(inFlight)} in flight`,
    `${short(tokens.input)} + ${short(tokens.output)} tokens`,
    standing.usd === 0 && money(standing),
    standing.stopping ? 'stopping' : waiting(standing),
  ]
  const line = joined([headline(standing, columns), ...details])
  return line.length > columns ? `${line.slice(0, Math.max(0, columns - 1))}…` : line
}

/**
 * Returns the beginning of the progress line: the bar, the number of finished requests, the time left and the cost. If
 * the terminal is narrow, the bar is shorter, so that the numbers remain visible.
 */
function headline(standing: Standing, columns: number): string {
  const { ok, failed, resumed, skipped, total, etaMs } = standing.run
  const done = ok + failed + resumed + skipped
  const facts = [
    !standing.stopping && etaMs !== undefined && etaMs > 0 && `${duration(etaMs)} left`,
    standing.usd > 0 && money(standing),
  ]
  if (total === undefined) return joined([`${count(done)} done`, ...facts])
  const withBar = (cells: number): string =>
    joined([`${bar(done, total, cells)} ${count(done)}/${count(total)}`, ...facts])
  const fitting = BAR_CELLS.find((cells) => withBar(cells).length < columns)
  return withBar(fitting ?? 0)
}

function joined(parts: readonly (string | false)[]): string {
  return parts.filter((part) => part !== false && part !== '').join(' · ')
}

/** Returns the totals of a run, in one line. */
export function summaryLine(
  { ok, failed, resumed, tokens, durationMs }: BulkSummary,
  standing: Pick<Standing, 'usd' | 'unpriced' | 'badLines'>,
): string {
  const { badLines } = standing
  return joined([
    `${count(ok + resumed)} answered${resumed > 0 ? ` (${count(resumed)} before)` : ''}`,
    failed > 0 && `${count(failed)} failed`,
    badLines > 0 && plural(badLines, 'bad line'),
    `${count(tokens.input)} + ${count(tokens.output)} tokens`,
    money(standing),
    duration(durationMs),
  ])
}

function bar(done: number, total: number, cells: number): string {
  const share = total === 0 ? 1 : Math.min(1, done / total)
  const full = Math.floor(share * cells)
  return `${'█'.repeat(full)}${'░'.repeat(cells - full)} ${Math.floor(share * 100)} %`.trimStart()
}

function waiting({ run, heldBack }: Standing): string {
  if (heldBack > 0) return `${count(heldBack)} wait for the rate limit`
  switch (run.waitingOn) {
    case 'batch':
      return "waiting for the provider's batches"
    case 'source':
      return 'waiting for input'
    case 'rate':
      return 'waiting for the rate limit'
    case 'retry':
      return 'waiting to try again'
    case 'slots':
      return 'waiting for answers'
    case 'journal':
      return 'waiting for the journal'
    case 'consumer':
      return 'waiting for the output'
    case undefined:
      return ''
  }
}

export function money({ usd, unpriced }: Pick<Standing, 'usd' | 'unpriced'>): string {
  if (usd === 0) return unpriced > 0 ? 'price unknown' : ''
  return `$${usd < 1 ? usd.toFixed(4) : usd.toFixed(2)}${unpriced > 0 ? ` and ${count(unpriced)} of unknown price` : ''}`
}

export function count(value: number): string {
  return value.toLocaleString('en')
}

function plural(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`
}

function short(value: number): string {
  const units = ['', 'k', 'M', 'G']
  let unit = 0
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1_000
    unit++
  }
  return unit === 0 ? String(value) : `${value.toPrecision(3)}${units[unit]}`
}

function duration(ms: number): string {
  const seconds = Math.round(ms / 1_000)
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
