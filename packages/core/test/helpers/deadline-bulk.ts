import { startSimulator, type ProviderScript, type SimulatedProvider } from '@harbor/simulator'
import { onTestFinished, vi } from 'vitest'
import type { AutoBulkReport, AutoBulkRun, BulkAnswer, BulkRequest } from '../../src/index.ts'

export const MINUTE = 60_000
export const HOUR = 60 * MINUTE
/** The price of a model with every discount. The simulator reports an hour of tokens as words. */
const PRICE = {
  inputPerMillion: 1_000,
  outputPerMillion: 2_000,
  tiers: { batch: 0.5, flex: 0.5, 'default:8h': 0.6, 'default:2h': 0.7 },
} as const
const MODEL = 'gpt-5'
export const PRICED = { models: { [MODEL]: { price: PRICE } } }

/** A provider whose time, and that of this process, only moves when a run needs it. */
export async function virtualProvider(script: ProviderScript): Promise<{
  provider: SimulatedProvider
  time: Pick<MovingTime, 'advance' | 'isCalled'>
  /** To be passed to the client: time stands still while a request is on its way. */
  fetch: typeof fetch
}> {
  const simulator = await startSimulator({ providers: { openai: script }, time: 'virtual' })
  fakeTime()
  onTestFinished(() => simulator.close())
  const { fetch, quiet } = quietFetch()
  const advance = async (ms: number, stepMs: number): Promise<void> => {
    for (let moved = 0; moved < ms; moved += stepMs) {
      await quiet()
      await simulator.advance(stepMs, { alongside: (step) => void vi.advanceTimersByTime(step), stepMs })
    }
  }
  const provider = simulator.provider()
  const isCalled = (): boolean => provider.counts().calls > 0 || provider.counts().batches.created > 0
  return { provider, time: { advance, isCalled }, fetch }
}

/** How long nothing must be on its way before time moves: the client may be about to send the next request. */
const QUIET_TURNS = 30

/** A `fetch`, and a function that waits until none of its requests is on its way. */
export function quietFetch(): { fetch: typeof fetch; quiet: () => Promise<void> } {
  let onTheWay = 0
  return {
    async fetch(...args) {
      onTheWay++
      try {
        const response = await globalThis.fetch(...args)
        // Whole answers, so that none is on its way when time moves.
        return new Response(await response.arrayBuffer(), response)
      } finally {
        onTheWay--
      }
    },
    async quiet() {
      for (let turns = 0; turns < QUIET_TURNS; turns = onTheWay > 0 ? 0 : turns + 1) await turn()
    },
  }
}

export function questions(count: number, from = 0): BulkRequest[] {
  return Array.from({ length: count }, (_, at) => ({
    custom_id: `q-${from + at}`,
    body: {
      model: MODEL,
      max_completion_tokens: 50,
      messages: [{ role: 'user' as const, content: `Question ${from + at}?` }],
    },
  }))
}

/** Requests of the Responses API. */
export function inputs(count: number): BulkRequest[] {
  return Array.from({ length: count }, (_, at) => ({
    custom_id: `r-${at}`,
    url: '/v1/responses' as const,
    body: { model: MODEL, input: `Question ${at}?`, max_output_tokens: 50 },
  }))
}

/** A run that has ended. */
export interface EndedRun {
  readonly answers: ReadonlyMap<string, BulkAnswer>
  readonly errors: ReadonlyMap<string, unknown>
  readonly report: AutoBulkReport
  /** When the last result came, in milliseconds after the start. */
  readonly lastMs: number
}

export interface MovingTime {
  /** Moves the time, in steps, in milliseconds. */
  readonly advance: (ms: number, stepMs: number) => Promise<void>
  readonly stepMs: number
  readonly maxMs: number
  /** Whether the provider has received a request. */
  readonly isCalled: () => boolean
}

/** Reads a run to its end, while time moves. */
export async function finished(
  run: AutoBulkRun,
  { advance, stepMs, maxMs, isCalled }: MovingTime,
): Promise<EndedRun> {
  const answers = new Map<string, BulkAnswer>()
  const errors = new Map<string, unknown>()
  const startedAt = Date.now()
  let lastMs = 0
  const state = { isOver: false }
  const reading = (async () => {
    for await (const result of run) {
      if (answers.has(result.id) || errors.has(result.id)) throw new Error(`${result.id} has two results`)
      if (result.ok) answers.set(result.id, result.value)
      else errors.set(result.id, result.error)
      lastMs = Date.now() - startedAt
    }
  })().finally(() => (state.isOver = true))
  reading.catch(() => undefined)
  // The first request makes a connection and loads prices, which takes real time.
  while (!isCalled() && !state.isOver) await turn()
  for (let ms = 0; ms < maxMs && !state.isOver; ms += 20 * stepMs) await advance(20 * stepMs, stepMs)
  if (!state.isOver) throw new Error('the run did not end')
  await reading
  return { answers, errors, report: run.report(), lastMs }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** Replaces the timers of this process until the test ends. */
export function fakeTime(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] })
  onTestFinished(() => void vi.useRealTimers())
}
