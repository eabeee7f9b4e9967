/** For how long a process counts as a member after its last report, in milliseconds. */
export const PRESENCE_MS = 10_000
/** The maximum of a number in a reply. A larger one is a fault. */
const MAX_NUMBER = Number.MAX_SAFE_INTEGER
/** The number of texts in a reply before those of the pots, and for each pot. */
const HEAD = 2
const FIELDS = 9

/** What a report says about one pot. Amounts are in US dollars. */
export interface Ask {
  /** The length of the period, in milliseconds; 0 if there are no periods. */
  readonly lengthMs: number
  /** The limit of this process. */
  readonly limit: number
  /** The period and the epoch of the last reply; undefined and '' before. */
  readonly period: number | undefined
  readonly epoch: string
  /** What this process has spent, now and at the last report that was acknowledged. */
  readonly total: number
  readonly acknowledged: number
  /** What it has reserved for calls in flight. */
  readonly reserved: number
  /** What it keeps of its lease, whatever the reply says. */
  readonly floor: number
  /** What it needs for calls that wait. */
  readonly need: number
  /** The lease that it wants. */
  readonly want: number
  /** Whether calls use the lease. */
  readonly isBusy: boolean
  /** What all have spent, and what others hold, at the last reply. */
  readonly seed: number
  readonly others: number
  /** What it needs for the smallest of the calls that wait. */
  readonly least: number
}

export interface Reply {
  /** The time of the server, in milliseconds since the epoch. */
  readonly now: number
  readonly members: number
  readonly pots: readonly Granted[]
}

/** What a reply says about one pot. */
export interface Granted {
  /** Identifies the pot: another one means that the pot was lost. */
  readonly epoch: string
  readonly period: number
  /** When the period ends, in milliseconds since the epoch; Infinity without periods. */
  readonly endsAt: number
  /** What the process may reserve without asking. */
  readonly lease: number
  /** What all processes have spent, with the total of this report. */
  readonly spent: number
  /** What the others hold, and how much of it they have reserved. */
  readonly held: number
  readonly reserved: number
  /** Whether others may return some of what they hold. */
  readonly isStale: boolean
  /** Whether so little is left that there are no leases. */
  readonly isShort: boolean
}

/** Returns the arguments of the script, in its order. */
export function argumentsOf(member: string, leaseMs: number, asks: readonly Ask[]): string[] {
  const args = [member, String(leaseMs), String(PRESENCE_MS)]
  for (const { lengthMs, limit, period, epoch, ...amounts } of asks) {
    const { total, acknowledged, reserved, floor, need, want, isBusy, seed, others, least } = amounts
    args.push(String(lengthMs), String(limit), period === undefined ? '' : String(period), epoch)
    for (const each of [
      total,
      acknowledged,
      reserved,
      floor,
      need,
      want,
      Number(isBusy),
      seed,
      others,
      least,
    ])
      args.push(String(each))
  }
  return args
}

/** Reads a reply to a report about `count` pots; undefined if it is not one. */
export function replyOf(texts: readonly string[], count: number): Reply | undefined {
  if (texts.length !== HEAD + FIELDS * count) return undefined
  const numbers = texts.map(Number)
  const at = (index: number): number => numbers[index] ?? NaN
  const pots = Array.from({ length: count }, (_, place): Granted => {
    const first = HEAD + FIELDS * place
    return {
      epoch: texts[first] ?? '',
      period: at(first + 1),
      endsAt: at(first + 2) || Infinity,
      lease: at(first + 3),
      spent: at(first + 4),
      held: at(first + 5),
      reserved: at(first + 6),
      isStale: at(first + 7) === 1,
      isShort: at(first + 8) === 1,
    }
  })
  const isEpoch = (index: number): boolean => index >= HEAD && (index - HEAD) % FIELDS === 0
  const isAmount = (each: number): boolean => each >= 0 && each <= MAX_NUMBER
  if (!numbers.every((each, index) => isEpoch(index) || isAmount(each))) return undefined
  return { now: at(0), members: Math.max(1, at(1)), pots }
}
