import type { Message } from '../feed/message.ts'
import type { RunSnapshot } from '../feed/runs.ts'
import { h } from './dom.ts'
import { clock, count, duration } from './format.ts'
import { gauge } from './gauge.ts'

/** Shows the bulk runs: how much is done, how much has failed, and what the run waits for. Nothing if there was none. */
export function runsPanel({ runs, clients }: Message): HTMLElement[] {
  if (runs.length === 0) return []
  const rows = runs.map((run) => runRow(run, clients[run.client]?.name ?? ''))
  return [h('section.panel.runs', { 'aria-label': 'Bulk runs' }, h('h2', {}, 'Bulk runs'), ...rows)]
}

function runRow(run: RunSnapshot, client: string): HTMLElement {
  const {
    ok,
    failed,
    resumed,
    skipped,
    dropped,
    total,
    read,
    inFlight,
    ratePerMinute,
    etaMs,
    startedAt,
    via,
  } = run
  const done = ok + failed + resumed + skipped
  const all = total ?? read + resumed
  const facts = [
    failed > 0 && `${count(failed)} failed`,
    inFlight > 0 && `${count(inFlight)} in flight`,
    dropped > 0 && `${count(dropped)} not sent`,
    resumed > 0 && `${count(resumed)} from before`,
    isRunning(run) && `${count(ratePerMinute)} a minute`,
    isRunning(run) && etaMs !== undefined && etaMs > 0 && `${duration(etaMs)} left`,
  ]
  return h(
    'div.run',
    { 'data-run': startedAt },
    gauge({
      client,
      name: via === 'provider' ? `${clock(startedAt)}, Batch API` : clock(startedAt),
      state: stateOf(run),
      used: done,
      limit: Math.max(all, 1),
      figures: `${count(done)} of ${total === undefined ? `${count(all)} read` : count(all)}`,
    }),
    h('p.figures', {}, facts.filter(Boolean).join(' · ')),
  )
}

const WAITS: Readonly<Record<string, string>> = {
  source: 'waiting for input',
  batch: "waiting for the provider's batches",
  rate: 'waiting for the rate limit',
  retry: 'waiting to retry',
  slots: 'waiting for answers',
  journal: 'waiting for the journal',
  consumer: 'waiting for its reader',
}

function isRunning({ inFlight, waitingOn }: RunSnapshot): boolean {
  return inFlight > 0 || waitingOn !== undefined
}

function stateOf(run: RunSnapshot): string {
  const { ok, failed, resumed, skipped, total, read, waitingOn } = run
  if (isRunning(run)) return WAITS[waitingOn ?? ''] ?? 'running'
  if (total !== undefined && ok + failed + resumed + skipped >= total) return 'done'
  return read + resumed === 0 ? 'not started' : 'not running'
}
