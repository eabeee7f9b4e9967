import { randomUUID } from 'node:crypto'
import type { AlertChange, DevtoolsClient } from '../client.ts'
import { Circuits } from './circuits.ts'
import { FactsReader } from './client-facts.ts'
import { Contents, type ShownContent } from './contents.ts'
import { LastMinute } from './last-minute.ts'
import type { Message } from './message.ts'
import { Receipts } from './receipts.ts'
import { Runs } from './runs.ts'

/** The maximum number of rows in a message, so that no message keeps the event loop from calls. */
const MAX_ROWS = 200
/** The maximum number of firing alerts that are shown. */
const MAX_ALERTS = 100

/**
 * Collects what the page shows of one or several clients, from their events. Listeners only store the receipt that the event carries;
 * messages are made when an open page can take one.
 */
export class Feed {
  readonly clients: readonly DevtoolsClient[]
  readonly instance = randomUUID().slice(0, 8)
  readonly #name: string
  readonly #openedAt = Date.now()
  readonly #receipts = new Receipts()
  readonly #minute = new LastMinute()
  readonly #circuits = new Circuits()
  readonly #runs = new Runs()
  readonly #contents = new Contents()
  readonly #alerts = new Map<string, AlertChange>()
  readonly #removers: (() => void)[] = []
  readonly #onChange = new Set<() => void>()
  readonly #facts: FactsReader

  constructor(clients: readonly DevtoolsClient[], name: string) {
    this.clients = clients
    this.#name = name
    this.#facts = new FactsReader(clients, this.#circuits, this.#openedAt)
    for (const [index, client] of clients.entries()) this.#listen(client, index)
  }

  /** Calls a function after each change, until the returned function is called. */
  onChange(listener: () => void): () => void {
    this.#onChange.add(listener)
    return () => this.#onChange.delete(listener)
  }

  /**
   * Makes a message with the calls that ended since a version.
   * @returns the message, its version, and whether more rows are to be sent
   */
  messageSince(since: number): { message: Message; version: number; hasMore: boolean } {
    const now = Date.now()
    const { rows, version } = this.#receipts.changedSince(since, MAX_ROWS)
    const message = {
      instance: this.instance,
      name: this.#name,
      now,
      openedAt: this.#openedAt,
      clients: this.#facts.read(now),
      ended: rows,
      inFlight: this.#receipts.inFlight(),
      inFlightCount: this.#receipts.inFlightCount,
      minute: this.#minute.read(now),
      alerts: [...this.#alerts.values()],
      runs: this.#runs.read(),
      hasContent: !this.#contents.isEmpty,
    }
    return { message, version, hasMore: version < this.#receipts.version }
  }

  /** Lets the next message have the statistics of that moment. */
  expireFacts(): void {
    this.#facts.expire()
  }

  /** Returns the content of a call; undefined if it was not captured, or is held no longer. */
  contentOf(id: string): ShownContent | undefined {
    return this.#contents.of(id)
  }

  /** Removes all listeners from the clients. */
  close(): void {
    for (const remove of this.#removers) remove()
    this.#removers.length = 0
    this.#onChange.clear()
  }

  #listen(client: DevtoolsClient, index: number): void {
    this.#removers.push(
      client.on('call', ({ receipt }) => {
        this.#receipts.start(index, receipt)
        this.#changed()
      }),
      client.on('end', ({ receipt }) => {
        if (this.#receipts.end(index, receipt)) this.#minute.add(receipt, Date.now())
        this.#changed()
      }),
      client.on('breaker', (change) => {
        this.#circuits.add(index, change, Date.now())
        this.#changed()
      }),
      client.on('alert', ({ name, subject, state, since, text }) => {
        const key = `${index} ${name}\n${subject ?? ''}`
        if (state === 'resolved') this.#alerts.delete(key)
        else if (this.#alerts.size < MAX_ALERTS || this.#alerts.has(key))
          this.#alerts.set(key, { name, state, since, text })
        this.#changed()
      }),
    )
    try {
      this.#removers.push(
        client.on('bulk', (run) => {
          this.#runs.add(index, run, Date.now())
          this.#changed()
        }),
        client.on('content', (content) => this.#contents.add(content)),
      )
    } catch {
      // An older client has no such events, and refuses them.
    }
  }

  #changed(): void {
    for (const listener of this.#onChange) listener()
  }
}
