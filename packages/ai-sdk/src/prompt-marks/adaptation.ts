import type { PromptTarget } from './prompt-target.ts'
import type { ForeignCall } from './provider-tools.ts'
import type { ToolCallIds } from './tool-call-ids.ts'

/** What one run over a prompt knows and counts. */
export interface Adaptation {
  readonly target: PromptTarget
  readonly ids: ToolCallIds
  /** The calls that other vendors executed, by tool call id. Absent: the prompt has none. */
  readonly foreignCalls: ReadonlyMap<string, ForeignCall> | undefined
  readonly tally: Tally
}

/** A vendor's name comes from a key of the prompt, so its length is bounded. */
const MAX_VENDOR_LENGTH = 40

/** Counts what was changed in a prompt, and says it in one line for each kind and vendor. */
export class Tally {
  readonly #counts = new Map<string, number>()

  add(vendor: string, what: string): void {
    const line = `${vendor.slice(0, MAX_VENDOR_LENGTH)}: ${what}`
    this.#counts.set(line, (this.#counts.get(line) ?? 0) + 1)
  }

  lines(): readonly string[] {
    return Array.from(this.#counts, ([line, count]) => (count === 1 ? line : `${line} (${count} times)`))
  }
}
