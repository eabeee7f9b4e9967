import { quantile } from '../calls.ts'
import type { Contender } from './contender.ts'
import { startProviders } from './providers.ts'
import { quick, type Scenario } from './scenario.ts'

/** The longest wait, for all clients. */
const TIMEOUT_MS = 30_000

export interface Outcome {
  readonly name: string
  readonly setup: string
  /** The share of answered calls. */
  readonly answered: number
  /** Requests at the providers, per call. */
  readonly upstreamPerCall: number
  /** The share of those requests that were sent to the first provider, which is the one that the user prefers. */
  readonly toFirst: number
  /**
   * Latencies of answered calls, in milliseconds: before the outage and during it, each without its first two seconds, and after it.
   */
  readonly before: Latency
  readonly during: Latency
  readonly after: Latency
  /** CPU time of this process per call, in microseconds. */
  readonly cpuUs: number
  /** Results by the time at which calls started. */
  readonly overTime: readonly Moment[]
}

export interface Moment {
  /** The start of the interval, in seconds. */
  readonly second: number
  /** The share of its calls that were answered. */
  readonly answered: number
  readonly p99: number
}

export interface Latency {
  readonly p50: number
  readonly p99: number
}

/** In the first seconds of all, connections are opened and code is compiled. */
const WARM_UP_MS = 2_000
/** In the first seconds of an outage the clients detect it. */
const FINDING_OUT_MS = 2_000

const MOMENT_MS = 2_000

interface Call {
  readonly at: number
  readonly tookMs: number
  readonly answered: boolean
}

/**
 * A short run of each contender that is not measured. Without it, the first of those that share a library would pay for compiling it.
 */
export async function warmUp(scenario: Scenario, contenders: readonly Contender[]): Promise<void> {
  for (const contender of contenders) await goThrough(quick(scenario), contender)
}

/** Calls at a steady pace that do not wait for earlier ones, as users do not. */
export async function goThrough(scenario: Scenario, contender: Contender): Promise<Outcome> {
  const { calls, perSecond, down, streams, attemptMs } = scenario
  const providers = await startProviders(scenario)
  const client = contender.start({ ...providers, timeoutMs: TIMEOUT_MS, attemptMs })
  const cpu = process.cpuUsage()
  const startedAt = performance.now()
  const made = await Promise.all(
    Array.from({ length: calls }, async (_, number): Promise<Call> => {
      const at = (number * 1_000) / perSecond
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, at - (performance.now() - startedAt))))
      const begunAt = performance.now()
      const answered = await (streams ? client.listen() : client.call()).then(Boolean, () => false)
      return { at, tookMs: performance.now() - begunAt, answered }
    }),
  )
  const { user, system } = process.cpuUsage(cpu)
  const { primary, fallback } = await providers.calls()
  await client.close?.()
  providers.close()
  const between = (from: number, to: number): Latency => latencyOf(made, from, to)
  return {
    name: contender.name,
    setup: contender.setup,
    answered: shareAnswered(made),
    upstreamPerCall: (primary + fallback) / calls,
    toFirst: primary / (primary + fallback),
    before: between(Math.min(WARM_UP_MS, down.from / 2), down.from),
    during: between(down.from + Math.min(FINDING_OUT_MS, (down.to - down.from) / 2), down.to),
    after: between(down.to, Infinity),
    cpuUs: (user + system) / calls,
    overTime: overTime(made, (1_000 * calls) / perSecond),
  }
}

function overTime(calls: readonly Call[], untilMs: number): Moment[] {
  return Array.from({ length: Math.ceil(untilMs / MOMENT_MS) }, (_, number) => {
    const [from, to] = [number * MOMENT_MS, (number + 1) * MOMENT_MS]
    const begun = calls.filter(({ at }) => at >= from && at < to)
    return {
      second: from / 1_000,
      answered: shareAnswered(begun),
      p99: latencyOf(calls, from, to).p99,
    }
  })
}

const shareAnswered = (calls: readonly Call[]): number =>
  calls.filter(({ answered }) => answered).length / calls.length

function latencyOf(calls: readonly Call[], from: number, to: number): Latency {
  const took = calls
    .filter(({ at, answered }) => answered && at >= from && at < to)
    .map(({ tookMs }) => tookMs)
    .toSorted((one, other) => one - other)
  return { p50: quantile(took, 0.5), p99: quantile(took, 0.99) }
}
