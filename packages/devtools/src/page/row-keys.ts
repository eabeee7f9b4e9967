import type { Item } from './item.ts'

const ROWS = '.row[data-receipt]'

/** Moves the focus between the rows by keys, and folds them by keys and clicks. One row at a time is in the order of the Tab key. */
export class RowKeys {
  readonly #grid: HTMLElement
  readonly #itemOf: (row: Element) => Item | undefined
  #current: HTMLElement | undefined

  constructor(grid: HTMLElement, itemOf: (row: Element) => Item | undefined) {
    this.#grid = grid
    this.#itemOf = itemOf
    grid.addEventListener('click', ({ target }) => {
      const row = target instanceof Element ? target.closest<HTMLElement>(ROWS) : null
      if (!row || hasSelectionIn(row)) return
      this.#setCurrent(row)
      this.#toggle(row)
    })
    grid.addEventListener('focusin', ({ target }) => {
      if (target instanceof HTMLElement && target.matches(ROWS)) this.#setCurrent(target)
    })
    grid.addEventListener('keydown', (event) => this.#onKey(event))
  }

  /** Moves the focus to the row that is in the order of the Tab key. */
  focus(): void {
    this.#current?.focus()
  }

  focused(): Item | undefined {
    const row = document.activeElement?.closest('.item')?.querySelector(ROWS)
    return row ? this.#itemOf(row) : undefined
  }

  /** Puts one row into the order of the Tab key, after the rows have changed: the one with the focus, or else the first one. */
  update(): void {
    if (this.#current?.isConnected && this.#grid.contains(document.activeElement)) return
    const [first] = this.#rows()
    if (first) this.#setCurrent(first)
  }

  /** Runs a change of the rows. What the user looks at stays where it is: the row with the focus, or one that is unfolded. */
  keepPlace(change: () => void): void {
    const anchor = this.#anchor()
    const before = anchor?.getBoundingClientRect().top ?? 0
    const focused = document.activeElement
    change()
    if (anchor?.isConnected) this.#grid.scrollTop += anchor.getBoundingClientRect().top - before
    // An element loses the focus when it is moved.
    if (focused instanceof HTMLElement && focused !== document.activeElement && this.#grid.contains(focused))
      focused.focus({ preventScroll: true })
  }

  #anchor(): Element | undefined {
    const focused = document.activeElement?.closest('.item')
    if (focused && this.#grid.contains(focused)) return focused
    const { top, bottom } = this.#grid.getBoundingClientRect()
    return [...this.#grid.querySelectorAll('.item.open')].find((item) => {
      const box = item.getBoundingClientRect()
      return box.bottom > top && box.top < bottom
    })
  }

  #onKey(event: KeyboardEvent): void {
    const row = event.target
    if (!(row instanceof HTMLElement) || !row.matches(ROWS) || event.ctrlKey || event.metaKey || event.altKey)
      return
    const item = this.#itemOf(row)
    const rows = [...this.#rows()]
    const index = rows.indexOf(row)
    const moves: Readonly<Record<string, number>> = {
      ArrowDown: index + 1,
      ArrowUp: index - 1,
      PageDown: index + 10,
      PageUp: index - 10,
      Home: 0,
      End: rows.length - 1,
    }
    const move = moves[event.key]
    if (move !== undefined) rows[Math.min(rows.length - 1, Math.max(0, move))]?.focus()
    else if (event.key === 'Enter' || event.key === ' ') this.#toggle(row)
    else if (event.key === 'ArrowRight') item?.open()
    else if (event.key === 'ArrowLeft' || event.key === 'Escape') item?.close()
    else return
    event.preventDefault()
  }

  #toggle(row: Element): void {
    const item = this.#itemOf(row)
    if (item?.isOpen) item.close()
    else item?.open()
  }

  #setCurrent(row: HTMLElement): void {
    if (this.#current) this.#current.tabIndex = -1
    this.#current = row
    row.tabIndex = 0
  }

  #rows(): NodeListOf<HTMLElement> {
    return this.#grid.querySelectorAll<HTMLElement>(ROWS)
  }
}

/** Returns whether the user has just selected text of a row, for which a click is no request to unfold it. */
function hasSelectionIn(row: Element): boolean {
  const selection = document.getSelection()
  return selection !== null && !selection.isCollapsed && row.contains(selection.anchorNode)
}
