/** The maximum time in a reply, in milliseconds, and of what is reported: a day. A longer one is shortened. */
const MAX_MS = 24 * 60 * 60_000
/** The maximum number of openings in a row. Later ones stay open for as long. */
const MAX_OPENS = 1_000
/** The number of texts of one line of a reply. */
const LINE = 7

/** What a member reports about one target. */
export interface TargetReport {
  readonly digest: string
  /** Whether the target was called since the last report. */
  readonly isUsed: boolean
  readonly event: 'open' | 'close' | 'withdraw' | ''
  /** The open time of an opening, in milliseconds from now. */
  readonly forMs: number
  readonly consecutiveOpens: number
  readonly isOfAccount: boolean
  /** The opening that the member knows; 0 if it knows none. */
  readonly generation: number
  /** The right to probe: `probe` when the open time is over, `early` before, `renew` while a probe is in flight. */
  readonly ask: 'probe' | 'early' | 'renew' | 'release' | ''
}

export interface CooldownReport {
  readonly digest: string
  readonly ms: number
}

export interface MemberReport {
  readonly member: string
  /** The epoch and the version of the latest reply. */
  readonly epoch: string
  readonly version: number
  readonly isLeaving: boolean
  readonly targets: readonly TargetReport[]
  readonly cooldowns: readonly CooldownReport[]
}

/** The state of one target. */
export interface TargetState {
  readonly digest: string
  readonly isOpen: boolean
  /** Identifies the opening; 0 if Redis knows none. */
  readonly generation: number
  /** The rest of the open time, in milliseconds; 0 if the circuit is to be probed. */
  readonly remainingMs: number
  readonly consecutiveOpens: number
  /** For how long only this member may probe, in milliseconds; 0 if it may not. */
  readonly leaseMs: number
}

export interface BoardReply {
  /** Identifies the state: another one means that the state was lost. */
  readonly epoch: string
  readonly version: number
  readonly members: number
  /** Whether there are more changes. */
  readonly isPart: boolean
  readonly targets: readonly TargetState[]
  readonly cooldowns: readonly CooldownReport[]
}

/** Returns the arguments of the script, in its order. */
export function argumentsOf(report: MemberReport): string[] {
  const { member, epoch, version, isLeaving, targets, cooldowns } = report
  const args = [member, epoch, String(version), isLeaving ? '1' : '0', String(targets.length)]
  for (const { digest, isUsed, event, forMs, consecutiveOpens, isOfAccount, generation, ask } of targets) {
    args.push(digest, isUsed ? '1' : '0', event, String(Math.min(forMs, MAX_MS)))
    args.push(String(consecutiveOpens), isOfAccount ? '1' : '0', String(generation), ask)
  }
  for (const { digest, ms } of cooldowns) args.push(digest, String(Math.min(ms, MAX_MS)))
  return args
}

/** Reads a reply; undefined if it is not one. */
export function replyOf(texts: readonly string[]): BoardReply | undefined {
  const [epoch = '', version, members, isPart] = texts
  if (texts.length < 4 || (texts.length - 4) % LINE !== 0) return undefined
  const targets: TargetState[] = []
  const cooldowns: CooldownReport[] = []
  for (let at = 4; at < texts.length; at += LINE) {
    const [kind, digest = '', isOpen, ...numbers] = texts.slice(at, at + LINE)
    const [generation = NaN, remainingMs = NaN, opens = NaN, leaseMs = NaN] = numbers.map(Number)
    if (
      ![generation, remainingMs, opens, leaseMs].every((each) => each >= 0 && each <= Number.MAX_SAFE_INTEGER)
    )
      return undefined
    const ms = Math.min(remainingMs, MAX_MS)
    if (kind === 'c') cooldowns.push({ digest, ms })
    else {
      const consecutiveOpens = Math.min(Math.max(1, Math.round(opens)), MAX_OPENS)
      targets.push({
        digest,
        isOpen: isOpen === '1',
        generation,
        remainingMs: ms,
        consecutiveOpens,
        leaseMs: Math.min(leaseMs, MAX_MS),
      })
    }
  }
  const numbers = [Number(version), Number(members)]
  if (!numbers.every((each) => Number.isSafeInteger(each) && each >= 0)) return undefined
  return {
    epoch,
    version: Number(version),
    members: Number(members),
    isPart: isPart === '1',
    targets,
    cooldowns,
  }
}
