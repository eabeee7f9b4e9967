import type { Caller, Entry } from './entry.ts'
import type { Settle } from './run-batch.ts'
import { SharedAborts } from './shared-aborts.ts'

/** Knows who waits for which entry: joins them, tells them the result, lets them go when their signal aborts. */
export class Callers<Item, Result> implements Settle<Item, Result> {
  /** Adds by how they ended. */
  readonly counts = { succeeded: 0, failed: 0, aborted: 0 }
  readonly #onAbandoned: (entry: Entry<Item, Result>, reason: unknown) => void
  readonly #aborts = new SharedAborts<Caller<Item, Result>>((caller, reason) => this.leave(caller, reason))
  /** Entries that further callers may join, by their key. */
  readonly #shareable = new Map<string, Entry<Item, Result>>()

  /** @param onAbandoned the last caller of an entry has left; the entry is still where it was */
  constructor(onAbandoned: (entry: Entry<Item, Result>, reason: unknown) => void) {
    this.#onAbandoned = onAbandoned
  }

  /** The entry with this key that has no result yet. */
  shared(key: string): Entry<Item, Result> | undefined {
    return this.#shareable.get(key)
  }

  /** A new entry, which is its own first caller. */
  enter(entry: Entry<Item, Result>): void {
    entry.caller = entry
    if (entry.key !== undefined) this.#shareable.set(entry.key, entry)
    if (entry.signal) this.#aborts.watch(entry)
  }

  /** One more for an entry that has some. */
  join(entry: Entry<Item, Result>, caller: Caller<Item, Result>): void {
    ;(entry.others ??= []).push(caller)
    this.#aborts.watch(caller)
  }

  /** Rejects one caller; the item goes on for those who are left. */
  leave(caller: Caller<Item, Result>, reason: unknown): void {
    const entry = caller.entry ?? (caller as Entry<Item, Result>)
    this.#aborts.unwatch(caller)
    this.counts.aborted++
    caller.reject(reason)
    if (entry.caller === caller) entry.caller = entry.others?.shift()
    else entry.others = entry.others?.filter((other) => other !== caller)
    if (entry.caller) return
    this.#unshare(entry) // First, since what follows may run code of the user that adds an identical item.
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

  /** Ends an entry that has its result. @returns whether it had none before */
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
