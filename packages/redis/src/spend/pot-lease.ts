/** A lease can be used for this time after its report was sent, in milliseconds. In Redis it lasts longer, so that it never ends there first. */
const USABLE_MS = 1_500
/**
 * For how long a lease that calls need can be used after its reply, however late it is, in milliseconds. Redis counts such a lease as spent when it ends
 * there, so no other process has it.
 */
const USABLE_LATE_MS = 100
/** How much is leased ahead: what is used in this time, in milliseconds. */
const AHEAD_MS = 200
/** The maximum factor by which a process leases more than it has used since its last report. */
const MAX_GROWTH = 8
/** Fewer calls than this are not leased ahead. */
const MIN_AHEAD = 2
/** A lease larger than this multiple of what is wanted is given back in part. */
const MAX_SURPLUS = 2

/** What a process may reserve of a pot without asking, in US dollars. `used` is always what it has spent or reserved, in total. */
export class PotLease {
  /** The lease when `used` was `#mark`, and when it ends. */
  #amount = 0
  #mark = 0
  #expiresAt = -Infinity
  /** The lease below which more is requested. */
  #lowMark = -Infinity
  /** What the last report asked for, and what was used then. */
  #asked = { want: 0, used: 0, isBusy: false, atMs: -Infinity }
  /** The number and the sum of the reservations that were made since the last report. */
  #started = 0
  #taken = 0

  /** Whether calls were started since the last report. */
  get isBusy(): boolean {
    return this.#started > 0
  }

  /** What is left of the lease. */
  free(used: number, now: number): number {
    return now < this.#expiresAt ? this.#amount - (used - this.#mark) : 0
  }

  /** Whether more should be requested. */
  isLow(used: number, now: number): boolean {
    return this.free(used, now) < this.#lowMark
  }

  /** Notes that a call has reserved an amount. */
  noteTaken(usd: number): void {
    this.#started++
    this.#taken += usd
  }

  /**
   * Begins a report. Until its reply, the lease is what the process keeps in any case.
   *
   * @param mayLease whether leases are possible now
   * @param isBusy whether the report says that calls use the lease
   * @returns what the process wants as a lease, and what it keeps
   */
  ask(
    used: number,
    mayLease: boolean,
    isBusy: boolean,
    now: number,
  ): { readonly want: number; readonly floor: number } {
    const growth = Math.min(MAX_GROWTH, AHEAD_MS / Math.max(1, now - this.#asked.atMs))
    const recent = Math.max(0, used - this.#asked.used)
    // Reservations are larger than costs, so the lease has to cover a few of them beside what is used.
    const want =
      mayLease && this.#started * growth >= MIN_AHEAD
        ? recent * growth + (MIN_AHEAD * this.#taken) / this.#started
        : 0
    const floor = Math.max(0, Math.min(this.free(used, now), want * MAX_SURPLUS))
    this.#amount = floor
    this.#mark = used
    this.#lowMark = -Infinity
    this.#asked = { want, used, isBusy, atMs: now }
    this.#started = 0
    this.#taken = 0
    return { want, floor }
  }

  /** Takes over the lease of a reply. @param sentAt when its report was sent */
  grant(amount: number, sentAt: number, now: number): void {
    const { want, used, isBusy } = this.#asked
    this.#amount = amount
    this.#mark = used
    this.#lowMark = want > 0 ? Math.min(want, amount) / 2 : -Infinity
    this.#expiresAt = Math.max(sentAt + USABLE_MS, isBusy ? now + USABLE_LATE_MS : -Infinity)
  }

  /** Ends the lease. */
  end(): void {
    this.#expiresAt = -Infinity
  }
}
