import type { TargetReport, TargetState } from '../src/breakers/board-wire.ts'

interface Opening {
  generation: number
  isOpen: boolean
  until: number
  opens: number
  holder: string
  leaseUntil: number
  /** The member whose probe has failed last. */
  failed: string
}

/** What the board does, as simple as possible: it remembers when each member was seen, has called, has voted. */
export class BoardModel {
  now: number
  version = 0
  readonly #seen = new Map<string, number>()
  readonly #called = new Map<string, number>()
  readonly #votes = new Map<string, number>()
  readonly #openings = new Map<string, Opening>()

  constructor(now: number) {
    this.now = now
  }

  openingOf(digest: string): Opening {
    const none = { generation: 0, isOpen: false, until: 0, opens: 0, holder: '', leaseUntil: 0, failed: '' }
    const known = this.#openings.get(digest) ?? none
    this.#openings.set(digest, known)
    return known
  }

  /** Takes a report, and returns what the member gets to know of the target. */
  report(member: string, report: TargetReport): TargetState {
    const { digest, event, forMs, consecutiveOpens, ask } = report
    const vote = `${digest} ${member}`
    const opening = this.openingOf(digest)
    if (opening.leaseUntil <= this.now && opening.until + 60_000 < this.now) opening.isOpen = false
    this.#seen.set(member, this.now)
    if (report.isUsed) this.#called.set(vote, this.now)
    const isMine = opening.holder === member
    const isFree = isMine || opening.leaseUntil <= this.now
    const isSame = opening.isOpen && opening.generation === report.generation
    if (event === 'open' && !opening.isOpen) {
      this.#votes.set(vote, this.now + Math.min(forMs, 60_000))
      if (report.isOfAccount || this.#isFollowed(digest)) this.#open(opening, digest, forMs, consecutiveOpens)
    } else if (event === 'open' && isSame && isMine) {
      this.#open(opening, digest, forMs, consecutiveOpens)
      opening.failed = member
    } else if (event === 'close' && isSame && isFree) {
      this.version++
      Object.assign(opening, { isOpen: false, holder: '', leaseUntil: 0 })
    }
    if (event === 'close' || event === 'withdraw') this.#votes.delete(vote)
    this.#lease(opening, member, ask)
    return {
      digest,
      isOpen: opening.isOpen,
      generation: opening.generation,
      remainingMs: Math.max(0, opening.until - this.now),
      consecutiveOpens: Math.max(1, opening.opens),
      leaseMs: opening.isOpen && opening.holder === member ? Math.max(0, opening.leaseUntil - this.now) : 0,
    }
  }

  #lease(opening: Opening, member: string, ask: TargetReport['ask']): void {
    const { isOpen, holder, until } = opening
    const isFree = holder === member || opening.leaseUntil <= this.now
    const from = opening.failed === member ? until + 1_000 : ask === 'early' ? 0 : until
    const isGranted = (ask === 'probe' || ask === 'early') && isOpen && isFree && this.now >= from
    if (isGranted || (ask === 'renew' && isOpen && holder === member))
      Object.assign(opening, { holder: member, leaseUntil: this.now + 2_000 })
    if (ask === 'release' && holder === member) Object.assign(opening, { holder: '', leaseUntil: 0 })
  }

  #open(opening: Opening, digest: string, forMs: number, opens: number): void {
    for (const key of this.#votes.keys()) if (key.startsWith(digest)) this.#votes.delete(key)
    const generation = ++this.version
    const until = this.now + forMs
    Object.assign(opening, { generation, isOpen: true, until, opens, holder: '', leaseUntil: 0, failed: '' })
  }

  #isFollowed(digest: string): boolean {
    const of = (map: Map<string, number>, isIn: (time: number, member: string) => boolean): string[] =>
      [...map]
        .filter(([key, time]) => key.startsWith(digest) && isIn(time, key.slice(digest.length + 1)))
        .map(([key]) => key)
    const voters = of(
      this.#votes,
      (until, member) => until >= this.now && (this.#seen.get(member) ?? 0) > this.now - 10_000,
    )
    const callers = of(this.#called, (at) => at > this.now - 10_000)
    return voters.length >= Math.max(2, 0.3 * new Set([...callers, ...voters]).size - 1e-9)
  }
}
