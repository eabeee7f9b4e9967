import type { Caller, Entry } from './entry.ts'
import type { Settle } from './run-batch.ts'

/**
 * Tracks which callers wait for which entry. Adds callers to entries, settles them with the result of their entry, and removes a caller when its
 * signal aborts.
 */
export class Callers<Item, Result> implements Settle<Item, Result> {
  /** The number of settled calls of `add`, by outcome. */
  readonly counts = { succeeded: 0, failed: 0, aborted: 0 }
  readonly #onAbandoned: (entry: Entry<Item, Result>, reason: unknown) => void
  readonly #aborts = new SharedAborts<Caller<Item, Result>>((caller, reason) => this.leave(caller, reason))
  /** Unsettled entries by key. When an item with the same key is added, its caller joins the entry. */
  readonly #shareable = new Map<string, Entry<Item, Result>>()

  /** @param onAbandoned called when the last caller of an entry has left; the entry is still in its queue or batch */
  constructor(onAbandoned: (entry: Entry<Item, Result>, reason: unknown) => void) {
    this.#onAbandoned = onAbandoned
  }

  /** Returns the unsettled entry with this key. */
  shared(key: string): Entry<Item, Result> | undefined {
    return this.#shareable.get(key)
  }

  /** Registers a new entry. The entry object itself is its first caller. */
  enter(entry: Entry<Item, Result>): void {
    entry.caller = entry
    if (entry.key !== undefined) this.#shareable.set(entry.key, entry)
    if (entry.signal) this.#aborts.watch(entry)
  }

  /** Adds a caller to an entry. */
  join(entry: Entry<Item, Result>, caller: Caller<Item, Result>): void {
    ;(entry.others ??= []).push(caller)
    this.#aborts.watch(caller)
  }

  /** Rejects one caller, and removes it from its entry. An entry without callers is abandoned: its result is not needed. */
  leave(caller: Caller<Item, Result>, reason: unknown): void {
    const entry = caller.entry ?? (caller as Entry<Item, Result>)
    this.#aborts.unwatch(caller)
    this.counts.aborted++
    caller.reject(reason)
    if (entry.caller === caller) entry.caller = entry.others?.shift()
    else entry.others = entry.others?.filter((other) => other !== caller)
    if (entry.caller) return
    this.#unshare(entry) // First, because the code that follows may run user code that adds an identical item.
    this.#onAbandoned(entry, reason)
    this.#finish(entry)
  }

  leaveAll(entry: Entry<Item, Result>, reason: unknown): void {
    for (let { caller } = entry; caller; { caller } = entry) this.leave(caller, reason)
  }

  resolve(entry: Entry<Item, Result>, result: Result): void {
    const { caller, others } = entry
    if (!caller || !this.#done(entry, 'succeeded')) return
    caller.resolve(result)
    if (others) for (const other of others) other.resolve(result)
  }

  reject(entry: Entry<Item, Result>, error: unknown): void {
    const { caller, others } = entry
    if (!caller || !this.#done(entry, 'failed')) return
    caller.reject(error)
    if (others) for (const other of others) other.reject(error)
  }

  /** Marks an entry as settled, and counts its callers by outcome. @returns false if the entry was settled before */
  #done(entry: Entry<Item, Result>, outcome: 'succeeded' | 'failed'): boolean {
    const { caller, others } = entry
    if (entry.state === 'settled' || !caller) return false
    this.counts[outcome] += others ? 1 + others.length : 1
    if (caller.signal) this.#aborts.unwatch(caller)
    if (others) for (const other of others) this.#aborts.unwatch(other)
    entry.batch?.settled()
    this.#finish(entry)
    return true
  }

  #finish(entry: Entry<Item, Result>): void {
    entry.state = 'settled'
    this.#unshare(entry)
    if (entry.onSettled) for (const onSettled of entry.onSettled) onSettled()
  }

  #unshare(entry: Entry<Item, Result>): void {
    if (entry.key !== undefined && this.#shareable.get(entry.key) === entry) this.#shareable.delete(entry.key)
  }
}

/**
 * Watches the abort signals of callers with one listener per signal. Thousands of items are often added with the same signal, and each listener would
 * make the signal slower. A signal for which no caller waits has no listener.
 */
class SharedAborts<Waiter extends { readonly signal: AbortSignal | undefined }> {
  readonly #onAbort: (waiter: Waiter, reason: unknown) => void
  readonly #watched = new Map<AbortSignal, { waiters: Set<Waiter>; stop: () => void }>()

  constructor(onAbort: (waiter: Waiter, reason: unknown) => void) {
    this.#onAbort = onAbort
  }

  watch(waiter: Waiter): void {
    const { signal } = waiter
    if (!signal) return
    let watched = this.#watched.get(signal)
    if (!watched) {
      const waiters = new Set<Waiter>()
      const abort = (): void => {
        for (const each of [...waiters]) this.#onAbort(each, signal.reason)
      }
      watched = { waiters, stop: () => signal.removeEventListener('abort', abort) }
      this.#watched.set(signal, watched)
      signal.addEventListener('abort', abort)
    }
    watched.waiters.add(waiter)
  }

  unwatch(waiter: Waiter): void {
    const watched = waiter.signal && this.#watched.get(waiter.signal)
    if (!waiter.signal || !watched?.waiters.delete(waiter) || watched.waiters.size > 0) return
    watched.stop()
    this.#watched.delete(waiter.signal)
  }
}
