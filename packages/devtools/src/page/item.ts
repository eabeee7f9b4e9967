import type { Row } from '../feed/receipts.ts'
import { contentElement } from './content.ts'
import { copyText } from './copy.ts'
import { detailOf } from './detail.ts'
import { h } from './dom.ts'
import { processNow } from './process-clock.ts'
import { cellsOf } from './row.ts'

/** One receipt in the list: its row, and below it what unfolds. */
export class Item {
  readonly element: HTMLElement
  readonly head: HTMLElement
  row: Row
  #detail: HTMLElement | undefined
  #content: HTMLElement | undefined

  constructor(row: Row, longestMs: number) {
    this.row = row
    this.head = h('div.row', {
      role: 'row',
      tabindex: -1,
      'aria-level': 1,
      'aria-expanded': 'false',
      'data-receipt': row.receipt.id,
    })
    this.element = h('div.item', { role: 'none' }, this.head)
    this.show(row, longestMs)
  }

  /** Shows another state of the same call. */
  show(row: Row, longestMs: number): void {
    this.row = row
    this.head.replaceChildren(...cellsOf(row, processNow(), longestMs))
    if (this.isOpen) this.open()
  }

  get isOpen(): boolean {
    return this.#detail !== undefined
  }

  open(): void {
    const detail = detailOf(this.row, processNow(), () => void this.copy())
    const { id, outcome } = this.row.receipt
    if (outcome !== 'pending') this.#content ??= contentElement(id)
    if (this.#content) detail.firstElementChild?.append(this.#content)
    if (this.#detail) this.#detail.replaceWith(detail)
    else this.element.append(detail)
    this.#detail = detail
    this.head.setAttribute('aria-expanded', 'true')
    this.element.classList.add('open')
  }

  close(): void {
    this.#detail?.remove()
    this.#detail = undefined
    this.head.setAttribute('aria-expanded', 'false')
    this.element.classList.remove('open')
  }

  /** Copies the receipt as JSON. */
  copy(): Promise<void> {
    return copyText(JSON.stringify(this.row.receipt, null, 2), 'The receipt is copied as JSON.')
  }
}
