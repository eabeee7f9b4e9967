import { Harbor, perCall, receiptOf } from '../../../src/index.ts'
import { chance, TieredProvider, type TierTime } from './tiered-provider.ts'

/** The calls of a day, or of a part of it, and the provider that answers them. */
export interface Day {
  readonly calls: number
  readonly durationMs: number
  /** The share of calls that a user waits for. They have no deadline, and do not use other tiers. */
  readonly interactiveShare: number
  readonly minDeadlineMs: number
  readonly maxDeadlineMs: number
  readonly times: { readonly default: TierTime; readonly flex: TierTime }
  /** The share of the time in which the tier `flex` refuses all requests, in spells. */
  readonly refusedShare: number
  /** The mean length of a spell, in milliseconds. */
  readonly spellMs: number
  /** The share of requests at the standard tier that fail with 500. */
  readonly failedShare: number
}

const MINUTE = 60_000

/** A day of 5,000 calls with deadlines from a minute to an hour, in which `flex` refuses 30 % of the time, in spells. */
export const DAY: Day = {
  calls: 5_000,
  durationMs: 24 * 60 * MINUTE,
  interactiveShare: 0.2,
  minDeadlineMs: MINUTE,
  maxDeadlineMs: 60 * MINUTE,
  times: { default: { medianMs: 8_000, sigma: 0.7 }, flex: { medianMs: 45_000, sigma: 0.7 } },
  refusedShare: 0.3,
  spellMs: 6 * MINUTE,
  failedShare: 0.01,
}

/** Moves the clock of the process. */
export interface Time {
  advance(ms: number): Promise<void>
}

/** How one call ended. */
export interface Ended {
  readonly user: string
  readonly isInteractive: boolean
  /** Whether it failed, or took longer than its deadline. */
  readonly missed: boolean
  readonly tookMs: number
  readonly target: string | undefined
}

export interface Outcome {
  readonly ended: readonly Ended[]
  /** What the provider bills for the calls that may wait. A request at the standard tier costs 1, one at `flex` half. */
  readonly bill: number
  /** The tiers to which interactive calls were sent. */
  readonly interactiveTiers: readonly string[]
  /** The share of requests at `flex` that were refused. */
  readonly refused: number
}

/**
 * Makes the calls of a day on a clock that `time` moves.
 * @param uses which calls are made. `tiers`: all of them, and those that may wait prefer the cheapest tier. `standard`: all at the standard tier.
 * `interactive`: interactive ones only
 */
export async function replay(
  day: Day,
  uses: 'tiers' | 'standard' | 'interactive',
  time: Time,
): Promise<Outcome> {
  const provider = new TieredProvider({
    times: day.times,
    failedShare: day.failedShare,
    refuses: (tier, atMs) => tier === 'flex' && isInSpell(day, atMs),
  })
  const harbor = new Harbor({
    apiKey: 'test-key',
    baseURL: 'http://tiers.invalid/v1',
    fetch: provider.fetch,
    logLevel: 'off',
    models: {
      'gpt-5': { price: { inputPerMillion: 1, outputPerMillion: 10, tiers: { flex: 0.5 } } },
      'gpt-5@flex': { model: 'gpt-5', params: { service_tier: 'flex' } },
    },
  })
  const ended: Ended[] = []
  const running = new Set<Promise<void>>()

  async function call(user: string): Promise<void> {
    const isInteractive = user.startsWith('i')
    const deadlineMs =
      day.minDeadlineMs + (day.maxDeadlineMs - day.minDeadlineMs) * chance(`${user} deadline`)
    const prefer = uses === 'tiers' ? ({ prefer: 'cheapest' } as const) : {}
    const startedAt = performance.now()
    const answering = harbor.chat.completions.create(
      {
        model: 'gpt-5',
        safety_identifier: user,
        messages: [{ role: 'user', content: 'What is a harbour?' }],
      },
      isInteractive ? {} : perCall({ deadlineMs, ...prefer }),
    )
    const answer = await answering.catch(() => undefined)
    const tookMs = performance.now() - startedAt
    ended.push({
      user,
      isInteractive,
      missed: answer === undefined || (!isInteractive && tookMs > deadlineMs),
      tookMs,
      target: receiptOf(answer)?.target,
    })
  }

  let elapsedMs = 0
  for (const { user, atMs } of callsOf(day)) {
    if (uses === 'interactive' && !user.startsWith('i')) continue
    await time.advance(atMs - elapsedMs)
    elapsedMs = atMs
    const made = call(user).finally(() => running.delete(made))
    running.add(made)
  }
  while (running.size > 0) await time.advance(MINUTE)
  await Promise.all([harbor.close({ graceMs: 0 }), time.advance(MINUTE)])

  const interactive = provider.requests.filter(({ user }) => user.startsWith('i'))
  const others = provider.requests.filter(({ user }) => !user.startsWith('i'))
  const flex = others.filter(({ tier }) => tier === 'flex')
  const billed = others.filter(({ status }) => status === 200)
  return {
    ended,
    bill: billed.reduce((sum, { tier }) => sum + (tier === 'flex' ? 0.5 : 1), 0),
    interactiveTiers: [...new Set(interactive.map(({ tier }) => tier))],
    refused: flex.filter(({ status }) => status === 429).length / Math.max(1, flex.length),
  }
}

/** Returns the calls of a day in the order of their times. The first letter of the user says whether the call is interactive. */
function callsOf({ calls, durationMs, interactiveShare }: Day): readonly { user: string; atMs: number }[] {
  return Array.from({ length: calls }, (_, n) => ({
    user: `${chance(`${n} kind`) < interactiveShare ? 'i' : 'w'}${n}`,
    atMs: chance(`${n} time`) * durationMs,
  })).sort((one, other) => one.atMs - other.atMs)
}

/** Whether `flex` refuses at this time. In each period, a spell of random length begins at a random time. */
function isInSpell({ refusedShare, spellMs }: Day, atMs: number): boolean {
  const periodMs = spellMs / refusedShare
  const period = Math.floor(atMs / periodMs)
  const lengthMs = spellMs * (0.5 + chance(`${period} length`))
  const from = chance(`${period} from`) * (periodMs - lengthMs)
  const inPeriod = atMs - period * periodMs
  return inPeriod >= from && inPeriod < from + lengthMs
}

/** The figures of a day with tiers, compared with the same calls at the standard tier, and with interactive calls alone. */
export interface Comparison {
  /** What the calls that may wait cost with tiers, as a share of what they cost at the standard tier. */
  readonly billShare: number
  /** The share of calls that may wait which missed their deadline. */
  readonly missedWithTiers: number
  readonly missedStandard: number
  /** The number of interactive calls whose target or time differs by more than a millisecond from that without other calls. */
  readonly interactiveChanged: number
  readonly interactiveCalls: number
  /** The share of calls that may wait which were answered at `flex`. */
  readonly atFlex: number
}

export function compare(tiers: Outcome, standard: Outcome, alone: Outcome): Comparison {
  const waiting = (outcome: Outcome): readonly Ended[] => outcome.ended.filter((call) => !call.isInteractive)
  const missed = (outcome: Outcome): number =>
    waiting(outcome).filter((call) => call.missed).length / waiting(outcome).length
  const together = new Map(tiers.ended.map((call) => [call.user, call]))
  const changed = alone.ended.filter(({ user, tookMs, target }) => {
    const call = together.get(user)
    return !call || call.target !== target || Math.abs(call.tookMs - tookMs) > 1
  })
  return {
    billShare: tiers.bill / standard.bill,
    missedWithTiers: missed(tiers),
    missedStandard: missed(standard),
    interactiveChanged: changed.length,
    interactiveCalls: alone.ended.length,
    atFlex: waiting(tiers).filter(({ target }) => target?.endsWith('@flex')).length / waiting(tiers).length,
  }
}
