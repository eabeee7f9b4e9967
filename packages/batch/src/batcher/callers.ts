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

  join(caller: Caller<Item, Result>): void {
    const { entry } = caller
    if (entry.caller) (entry.others ??= []).push(caller)
    else {
      entry.caller = caller
      if (entry.key !== undefined) this.#shareable.set(entry.key, entry)
    }
    this.#aborts.watch(caller)
  }

  /** Rejects one caller; the item goes on for those who are left. */
  leave(caller: Caller<Item, Result>, reason: unknown): void {
    const { entry } = caller
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
    for (const other of others ?? NOBODY) other.resolve(result)
  }

  reject(entry: Entry<Item, Result>, error: unknown): void {
    const { caller, others } = entry
    if (!caller || !this.#done(entry, 'failed')) return
    caller.reject(error)
    for (const other of others ?? NOBODY) other.reject(error)
  }

  /** Ends an entry that has its result. @returns whether it had none before */
  #done(entry: Entry<Item, Result>, outcome: 'succeeded' | 'failed'): boolean {
    const { caller, others } = entry
    if (entry.state === 'settled' || !caller) return false
    this.counts[outcome] += others ? 1 + others.length : 1
    this.#aborts.unwatch(caller)
    for (const other of others ?? NOBODY) this.#aborts.unwatch(other)
    entry.batch?.settled()
    this.#finish(entry)
    return true
  }

  #finish(entry: Entry<Item, Result>): void {
    entry.state = 'settled'
    this.#unshare(entry)
    for (const onSettled of entry.onSettled ?? []) onSettled()
  }

  #unshare(entry: Entry<Item, Result>): void {
    if (entry.key !== undefined && this.#shareable.get(entry.key) === entry) this.#shareable.delete(entry.key)
  }
}

const NOBODY: readonly never[] = []
