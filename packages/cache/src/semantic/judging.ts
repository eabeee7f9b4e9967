import { boundedWork } from './bounded-work.ts'
import type { Gate } from './gate.ts'
import type { JudgedHit, SemanticSettings } from './options.ts'

type JudgeSettings<Value> = Pick<SemanticSettings<Value>, 'judge' | 'judgeTimeoutMs' | 'onError'>

/** Asks `judge` about hits, beside the calls, and reports to the gate. */
export class Judging<Value> {
  readonly #settings: JudgeSettings<Value>
  readonly #gate: Gate
  readonly #pending = new Set<Promise<void>>()
  readonly #closed = new AbortController()

  constructor(settings: JudgeSettings<Value>, gate: Gate) {
    this.#settings = settings
    this.#gate = gate
  }

  /** Chooses whether the next hit is judged. `busy`: it should be, but too many others still are. */
  choose(): 'yes' | 'no' | 'busy' {
    if (!this.#settings.judge || !this.#gate.chooses()) return 'no'
    return this.#pending.size < MAX_PENDING ? 'yes' : 'busy'
  }

  /** Has a hit judged. Resolves when it is decided, and never rejects. */
  judge(hit: Omit<JudgedHit<Value>, 'signal'>): Promise<void> {
    const { judge } = this.#settings
    if (!judge || this.#closed.signal.aborted || this.#pending.size >= MAX_PENDING) return Promise.resolve()
    const work = this.#judge(hit, judge).finally(() => this.#pending.delete(work))
    this.#pending.add(work)
    return work
  }

  async idle(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending)
  }

  close(reason: unknown): void {
    this.#closed.abort(reason)
  }

  async #judge(
    hit: Omit<JudgedHit<Value>, 'signal'>,
    judge: NonNullable<JudgeSettings<Value>['judge']>,
  ): Promise<void> {
    const { judgeTimeoutMs: ms, onError } = this.#settings
    const closed = this.#closed.signal
    try {
      const verdict: unknown = await boundedWork({ ms, what: 'judge', closed }, (signal) =>
        judge({ ...hit, signal }),
      )
      if (typeof verdict !== 'boolean') throw new TypeError('judge must return true or false')
      this.#gate.note(verdict)
    } catch (error) {
      // What is aborted by close() says nothing about the judge.
      if (closed.aborted) return
      this.#gate.noteFailure()
      onError(error)
    }
  }
}

/** The maximum number of hits that are judged at the same time. */
const MAX_PENDING = 64
