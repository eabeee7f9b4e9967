/**
 * Several processes, one Redis.
 *
 * Scenario: four workers call one provider that allows 3,000 requests a minute. They share this limit, their circuits and a spend limit through
 * Redis. One worker is killed, and the others use what it leaves. Then Redis stops for two seconds, and no call fails. Needs `redis-server`.
 *
 *     pnpm example fleet
 *     pnpm example fleet --page    until Ctrl-C, with the page of the first worker
 */
import { startSimulator } from '@harbor/simulator'
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { startRedis } from '../lib/redis.ts'
import type { WorkerReport } from './worker.ts'

const PER_MINUTE = 3_000
const WITH_PAGE = process.argv.includes('--page')
const redis = await startRedis()
const limits = { requestsPerMinute: PER_MINUTE, burst: 2 / 60, headers: 'retry-after' } as const
const simulator = await startSimulator({
  providers: { openai: { latency: { mean: 80, sigma: 0.3 }, limits } },
})
const provider = simulator.provider()

// ── Four workers ──────────────────────────────────────────────────────────────────────────────────

interface Worker {
  readonly child: ChildProcess
  report: WorkerReport
}

const workers = [1, 2, 3, 4].map((number): Worker => {
  const page = WITH_PAGE && number === 1 ? ['page'] : []
  const child = fork(join(import.meta.dirname, 'worker.ts'), [redis.url, provider.baseURL, ...page])
  const worker: Worker = {
    child,
    report: { answered: 0, failed: 0, members: 0, degraded: false, spentUsd: 0 },
  }
  child.on('message', (report) => (worker.report = report as WorkerReport))
  return worker
})
const sum = (of: keyof WorkerReport): number =>
  workers.reduce((total, { report }) => total + Number(report[of]), 0)

// ── What happens, second by second ────────────────────────────────────────────────────────────────

const EVENTS: Readonly<Record<number, readonly [text: string, happens: () => void]>> = {
  5: ['💥 worker 2 is killed', () => workers[1]?.child.kill('SIGKILL')],
  9: ['⏸  Redis stops answering', () => redis.freeze()],
  11: ['▶  Redis answers again', () => redis.thaw()],
}
const SECONDS = WITH_PAGE ? Infinity : 14

console.log(`🚢 Four workers, one limit of ${PER_MINUTE / 60} calls a second\n`)
console.log('second   worker 1   2   3   4   together   members')
while (workers.some(({ report }) => report.answered === 0)) await second(0.1)
const startedAt = performance.now()
let before = workers.map(({ report }) => report.answered)
const first = sum('answered')
for (let number = 1; number <= SECONDS; number++) {
  await second(1)
  const now = workers.map(({ report }) => report.answered)
  const made = now.map((answered, place) => answered - (before[place] ?? 0))
  before = now
  const { members = 0, degraded = false } = workers[0]?.report ?? {}
  console.log(
    [
      String(number).padStart(6),
      made
        .map((calls) => String(calls).padStart(3))
        .join(' ')
        .padStart(18),
      String(made.reduce((all, calls) => all + calls, 0)).padStart(8),
      `${members}${degraded ? ', alone: each uses its part of the limit' : ''}`.padStart(8),
      `  ${EVENTS[number]?.[0] ?? ''}`,
    ].join(' '),
  )
  EVENTS[number]?.[1]()
}

// ── What it came to ───────────────────────────────────────────────────────────────────────────────

const allowed = (PER_MINUTE / 60_000) * (performance.now() - startedAt)
console.log(
  [
    '',
    `✅ ${sum('answered')} calls answered, ${sum('failed')} failed, ${((100 * (sum('answered') - first)) / allowed).toFixed(0)} % of the limit used`,
    `🚦 refused by the provider (429): ${provider.counts().byStatus['429'] ?? 0}`,
    `💰 spent by all workers: $${sum('spentUsd').toFixed(2)} of $5.00`,
  ].join('\n'),
)
for (const { child } of workers) if (child.connected) child.send('stop')
await Promise.all(workers.map(({ child }) => hasEnded(child)))
await simulator.close()
await redis.close()

function second(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1_000 * seconds))
}

async function hasEnded(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
}
