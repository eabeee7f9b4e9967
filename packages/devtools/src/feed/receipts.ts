import type { ShownReceipt } from '../receipt.ts'

/** The maximum number of ended calls that the page shows. */
export const MAX_RECEIPTS = 1_000
/** The maximum number of calls in flight whose receipts are held. Calls beyond it appear on the page when they end. */
const MAX_IN_FLIGHT = 10_000
/** The maximum number of calls in flight that the page shows; the oldest ones, since they take the longest. */
const MAX_IN_FLIGHT_SHOWN = 50

/** A receipt with the index of its client. */
export interface Row {
  readonly client: number
  readonly receipt: ShownReceipt
}

interface EndedRow extends Row {
  /** The value of the counter `version` when the row changed last. */
  version: number
  /** Whether the cost is still unknown. It may arrive after the end of the call. */
  isUnbilled: boolean
}

/** The receipts of the calls in flight, and of the latest calls that ended. */
export class Receipts {
  readonly #inFlight = new Map<string, Row>()
  /** By id, the oldest first. */
  readonly #ended = new Map<string, EndedRow>()
  #unbilled = 0
  #version = 0

  /** The number of changes so far. */
  get version(): number {
    return this.#version
  }

  get inFlightCount(): number {
    return this.#inFlight.size
  }

  start(client: number, receipt: ShownReceipt): void {
    if (this.#inFlight.size < MAX_IN_FLIGHT) this.#inFlight.set(receipt.id, { client, receipt })
  }

  /** @returns false for a call that was added before, such as one of two copies of the same client */
  end(client: number, receipt: ShownReceipt): boolean {
    if (this.#ended.has(receipt.id)) return false
    this.#inFlight.delete(receipt.id)
    const isUnbilled = receipt.usage !== undefined && receipt.cost === undefined
    if (isUnbilled) this.#unbilled++
    this.#ended.set(receipt.id, { client, receipt, version: ++this.#version, isUnbilled })
    if (this.#ended.size > MAX_RECEIPTS) this.#removeOldest()
    return true
  }

  /** Returns the calls in flight that the page shows, the oldest first. */
  inFlight(): Row[] {
    const rows: Row[] = []
    for (const row of this.#inFlight.values()) {
      if (rows.push(row) >= MAX_IN_FLIGHT_SHOWN) break
    }
    return rows
  }

  /**
   * Returns the ended calls that have changed since a version, in the order of their changes.
   * @param most the maximum number of rows
   */
  changedSince(version: number, most: number): { rows: Row[]; version: number } {
    this.#findCosts()
    if (version >= this.#version) return { rows: [], version: this.#version }
    const changed = [...this.#ended.values()].filter((row) => row.version > version)
    changed.sort((one, other) => one.version - other.version)
    const page = changed.slice(0, most)
    const isLast = page.length === changed.length
    return {
      rows: page.map(({ client, receipt }) => ({ client, receipt })),
      version: isLast ? this.#version : (page.at(-1)?.version ?? version),
    }
  }

  /** Marks the receipts that have got their cost since the last time as changed. */
  #findCosts(): void {
    if (this.#unbilled === 0) return
    for (const row of this.#ended.values()) {
      if (!row.isUnbilled || row.receipt.cost === undefined) continue
      row.isUnbilled = false
      row.version = ++this.#version
      this.#unbilled--
    }
  }

  #removeOldest(): void {
    for (const [id, { isUnbilled }] of this.#ended) {
      if (isUnbilled) this.#unbilled--
      this.#ended.delete(id)
      return
    }
  }
}
