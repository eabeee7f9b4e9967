import type { BulkProgress } from '@harbor/batch'
import { describe, expect, it } from 'vitest'
import { progressLine, summaryLine, type Standing } from './progress-line.ts'

const BEGUN: BulkProgress = {
  read: 0,
  queued: 0,
  inFlight: 0,
  waiting: 0,
  ok: 0,
  failed: 0,
  skipped: 0,
  dropped: 0,
  resumed: 0,
  retried: 0,
  ratePerMinute: 0,
  tokens: { input: 0, output: 0 },
}

function standing(run: Partial<BulkProgress>, more: Partial<Standing> = {}): Standing {
  return {
    run: { ...BEGUN, ...run },
    usd: 0,
    unpriced: 0,
    badLines: 0,
    heldBack: 0,
    stopping: false,
    ...more,
  }
}

describe('progressLine', () => {
  it('shows everything in one line', () => {
    const run: Partial<BulkProgress> = {
      ok: 800,
      failed: 3,
      resumed: 17,
      total: 2_000,
      ratePerMinute: 612.4,
      inFlight: 64,
      tokens: { input: 18_249, output: 9_150_000 },
      etaMs: 115_600,
      waitingOn: 'slots',
    }
    expect(progressLine(standing(run, { usd: 0.01234, badLines: 2 }))).toBe(
      '████████░░░░░░░░░░░░ 41 % 820/2,000 · 1 min 56 s left · $0.0123 · 3 failed · 2 bad lines · 612/min · 64 in flight · ' +
        '18.2k + 9.15M tokens · waiting for answers',
    )
  })

  it('counts what is done if the total is unknown', () => {
    expect(progressLine(standing({ ok: 7, waitingOn: 'source' }))).toBe(
      '7 done · 0/min · 0 in flight · 0 + 0 tokens · waiting for input',
    )
  })

  it.each<[BulkProgress['waitingOn'], number, RegExp]>([
    ['source', 0, /waiting for input$/],
    ['batch', 0, /waiting for the provider's batches$/],
    ['rate', 0, /waiting for the rate limit$/],
    ['retry', 0, /waiting to try again$/],
    ['slots', 0, /waiting for answers$/],
    ['slots', 12, /12 wait for the rate limit$/],
    ['consumer', 0, /waiting for the output$/],
    ['journal', 0, /waiting for the journal$/],
    [undefined, 0, /tokens$/],
  ])('shows what it waits for: %s, with %i calls held back', (waitingOn, heldBack, expected) => {
    expect(progressLine(standing({ waitingOn }, { heldBack }))).toMatch(expected)
  })

  it('shows no time left while it stops', () => {
    const run = { total: 10, etaMs: 5_000, waitingOn: 'slots' } as const
    expect(progressLine(standing(run, { stopping: true }))).toMatch(/tokens · stopping$/)
  })

  it('distinguishes an unknown price from none', () => {
    expect(progressLine(standing({}, { unpriced: 2 }))).toContain('price unknown')
    expect(progressLine(standing({}, { usd: 12.345, unpriced: 2 }))).toContain(
      '$12.35 and 2 of unknown price',
    )
  })

  it.each([
    [0, 0, '████████████████████ 100 % 0/0'],
    [0, 3, '░░░░░░░░░░░░░░░░░░░░ 0 % 0/3'],
    [2_999, 3_000, '███████████████████░ 99 % 2,999/3,000'],
    [3, 3, '████████████████████ 100 % 3/3'],
  ])('is full when all is done and not before: %i of %i', (ok, total, expected) => {
    expect(progressLine(standing({ ok, total })).split(' · ')[0]).toBe(expected)
  })

  it('is never longer than the terminal is wide', () => {
    const line = progressLine(standing({ total: 100, ok: 3 }), 30)
    expect(line).toHaveLength(30)
    expect(line).toMatch(/…$/)
  })
})

describe('progressLine in a narrow terminal', () => {
  const run: Partial<BulkProgress> = {
    ok: 820_000,
    total: 2_000_000,
    ratePerMinute: 612.4,
    etaMs: 5_000_000,
    waitingOn: 'slots',
  }

  it.each([52, 57, 77, 100])('shows what is done, the time left and the cost in %i columns', (columns) => {
    const line = progressLine(standing(run, { usd: 12.34, badLines: 2 }), columns)
    expect(line).toMatch(/^(?:[█░]+ )?41 % 820,000\/2,000,000 · 1 h 23 min left · \$12\.34/)
    expect(line.length).toBeLessThanOrEqual(columns)
  })

  it('has a shorter bar rather than no cost', () => {
    const cells = (columns: number): number =>
      progressLine(standing(run, { usd: 12.34 }), columns).match(/[█░]/g)?.length ?? 0
    expect([100, 65, 52].map(cells)).toEqual([20, 10, 0])
  })
})

describe('summaryLine', () => {
  it('shows the totals of a run', () => {
    const summary = {
      ok: 1_990,
      failed: 2,
      skipped: 0,
      dropped: 0,
      resumed: 8,
      retried: 0,
      tokens: { input: 1_234, output: 999 },
      durationMs: 3_725_000,
    }
    expect(summaryLine(summary, { usd: 0, unpriced: 0, badLines: 1 })).toBe(
      '1,998 answered (8 before) · 2 failed · 1 bad line · 1,234 + 999 tokens · 1 h 2 min',
    )
  })
})
