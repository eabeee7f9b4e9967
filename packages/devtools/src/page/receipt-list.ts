import type { Message } from '../feed/message.ts'
import { MAX_RECEIPTS, type Row } from '../feed/receipts.ts'
import { h, setText } from './dom.ts'
import { Filters } from './filters.ts'
import { count } from './format.ts'
import { totalOf } from './hops.ts'
import { Item } from './item.ts'
import { COLUMNS, niceCeiling, scaled } from './row.ts'
import { RowKeys } from './row-keys.ts'
import { legend } from './waterfall.ts'

/** The list of receipts, the newest first, with those of the calls in flight on top. */
export class ReceiptList {
  readonly element: HTMLElement
  readonly filters = new Filters(
    () => this.#filter(),
    () => this.#keys.focus(),
  )
  readonly #pending = h('div', { role: 'rowgroup' })
  readonly #ended = h('div', { role: 'rowgroup' })
  readonly #grid = h('div.grid', { role: 'treegrid', 'aria-label': 'Receipts' })
  readonly #status = h('span.status')
  readonly #pause = h('button', { type: 'button', 'aria-pressed': 'false' }, 'Pause')
  readonly #inFlight = new Map<string, Item>()
  /** By id, the oldest first. */
  readonly #items = new Map<string, Item>()
  readonly #keys: RowKeys
  #passes: (row: Row) => boolean = () => true
  #shown = 0
  #scaleMs = 1
  #isPaused = false
  #held: Row[] = []

  constructor() {
    const heads = COLUMNS.map(([name, title]) => h(`span.cell.${name}`, { role: 'columnheader' }, title))
    const empty = h('p.empty', {}, 'No call to show yet. Calls appear here when they start.')
    this.#grid.append(h('div.row.heads', { role: 'row' }, ...heads), this.#pending, this.#ended)
    this.#keys = new RowKeys(this.#grid, (row) => this.#itemOf(row))
    this.#pause.addEventListener('click', () => this.togglePause())
    const bar = h(
      'div.bar-of-list',
      {},
      h('h2', {}, 'Receipts'),
      this.#status,
      this.#pause,
      this.filters.element,
    )
    this.element = h('section.receipts', { 'aria-label': 'Receipts' }, bar, legend(), this.#grid, empty)
  }

  /** Shows what a message has changed. */
  apply({ ended, inFlight, clients }: Message): void {
    this.element.classList.toggle('several-clients', clients.length > 1)
    this.filters.nameClients(clients.map(({ name }) => name))
    if (this.#isPaused) this.#held = [...this.#held, ...ended].slice(-MAX_RECEIPTS)
    else this.#keys.keepPlace(() => this.#change(ended, inFlight))
    this.#report()
  }

  clear(): void {
    this.#items.clear()
    this.#inFlight.clear()
    this.#held = []
    this.#shown = 0
    this.#pending.replaceChildren()
    this.#ended.replaceChildren()
  }

  togglePause(): void {
    this.#isPaused = !this.#isPaused
    this.#pause.setAttribute('aria-pressed', String(this.#isPaused))
    setText(this.#pause, this.#isPaused ? 'Continue' : 'Pause')
    if (!this.#isPaused) {
      const held = this.#held
      this.#held = []
      this.#keys.keepPlace(() => this.#change(held, undefined))
    }
    this.#report()
  }

  /** Draws the growing bars of calls in flight. */
  tick(): void {
    if (this.#isPaused) return
    for (const item of this.#inFlight.values()) item.show(item.row, this.#scaleMs)
  }

  /** Copies the receipt of the row that has the focus. */
  copyFocused(): void {
    void this.#keys.focused()?.copy()
  }

  #change(ended: readonly Row[], inFlight: readonly Row[] | undefined): void {
    const added: Node[] = []
    for (const row of ended) {
      const { id } = row.receipt
      const known = this.#items.get(id)
      if (known) {
        known.show(row, this.#scaleMs)
        continue
      }
      this.filters.learn(row)
      const item = this.#inFlight.get(id) ?? new Item(row, this.#scaleMs)
      if (this.#inFlight.delete(id)) item.show(row, this.#scaleMs)
      this.#items.set(id, item)
      if (this.#passes(row)) added.unshift(item.element)
      else item.element.remove()
    }
    this.#shown += added.length
    this.#ended.prepend(...added)
    if (inFlight) this.#showInFlight(inFlight)
    this.#removeOldest()
    this.#rescale()
    this.#keys.update()
  }

  #showInFlight(rows: readonly Row[]): void {
    const ids = new Set(rows.map(({ receipt }) => receipt.id))
    for (const row of rows) {
      const { id } = row.receipt
      const known = this.#inFlight.get(id)
      if (known) known.show(row, this.#scaleMs)
      else if (!this.#items.has(id)) {
        const item = new Item(row, this.#scaleMs)
        this.#inFlight.set(id, item)
        if (this.#passes(row)) this.#pending.append(item.element)
      }
    }
    for (const [id, item] of this.#inFlight) {
      if (ids.has(id)) continue
      item.element.remove()
      this.#inFlight.delete(id)
    }
  }

  #removeOldest(): void {
    for (const [id, item] of this.#items) {
      if (this.#items.size <= MAX_RECEIPTS) return
      if (item.element.isConnected) this.#shown--
      item.element.remove()
      this.#items.delete(id)
    }
  }

  /** Shows the rows that pass the filters. Their elements are used again, so that nothing has to be drawn but their places. */
  #filter(): void {
    this.#passes = this.filters.predicate()
    const passing = (items: Iterable<Item>): HTMLElement[] =>
      [...items].filter(({ row }) => this.#passes(row)).map(({ element }) => element)
    const ended = passing(this.#items.values()).reverse()
    this.#shown = ended.length
    this.#ended.replaceChildren(...ended)
    this.#pending.replaceChildren(...passing(this.#inFlight.values()))
    this.#keys.update()
    this.#report()
  }

  /** Chooses the duration of a bar of the whole width: one that 19 of 20 calls do not exceed. */
  #rescale(): void {
    const totals = [...this.#items.values()]
      .map(({ row }) => totalOf(row.receipt, 0))
      .sort((one, other) => one - other)
    const scaleMs = niceCeiling(totals[Math.floor(totals.length * 0.95)] ?? 1)
    if (scaleMs === this.#scaleMs) return
    this.#scaleMs = scaleMs
    for (const { head, row } of this.#items.values()) {
      const bar = head.querySelector<HTMLElement>('.bar')
      if (bar) scaled(bar, totalOf(row.receipt, 0), scaleMs)
    }
  }

  #itemOf(row: Element): Item | undefined {
    const id = row.getAttribute('data-receipt') ?? ''
    return this.#items.get(id) ?? this.#inFlight.get(id)
  }

  #report(): void {
    const all = this.#items.size
    const held = this.#isPaused ? `, paused; ${count(this.#held.length)} new` : ''
    setText(
      this.#status,
      (this.filters.isActive ? `${count(this.#shown)} of ${count(all)}` : count(all)) + held,
    )
    this.element.classList.toggle('is-empty', all === 0 && this.#inFlight.size === 0)
  }
}
