import type { Row } from '../feed/receipts.ts'
import { h } from './dom.ts'

/** The maximum number of different values that a filter offers. */
const MAX_CHOICES = 300

/** What the page filters by. Each of them returns the values that a receipt has. @param clients the names of the clients */
const FIELDS: Readonly<
  Record<
    string,
    { readonly all: string; readonly of: (row: Row, clients: readonly string[]) => readonly string[] }
  >
> = {
  target: {
    all: 'Target',
    of: ({ receipt }) => [...receipt.attempts.map(({ target }) => target), receipt.target],
  },
  outcome: { all: 'Outcome', of: ({ receipt }) => outcomesOf(receipt) },
  error: {
    all: 'Error',
    of: ({ receipt: { attempts, failure } }) =>
      [failure, ...attempts.map((attempt) => attempt.failure)].flatMap((each) => (each ? [each.kind] : [])),
  },
  client: { all: 'Client', of: ({ client }, names) => [names[client] ?? ''] },
  label: {
    all: 'Label',
    of: ({ receipt }) => Object.entries(receipt.labels).map(([name, value]) => `${name}: ${value}`),
  },
}

const OUTCOMES = { pending: 'in flight', success: 'answered', failure: 'failed', aborted: 'aborted' } as const

function outcomesOf({ outcome, cache, degraded, attempts }: Row['receipt']): string[] {
  const served = cache?.status === 'hit' || cache?.status === 'stale' || cache?.status === 'shared'
  const ways = [
    served && 'from the cache',
    degraded && 'a substitute',
    attempts.some(({ reason }) => reason === 'retry') && 'with a retry',
    attempts.some(({ reason }) => reason === 'fallback') && 'with a fallback',
    attempts.some(({ reason }) => reason === 'hedge') && 'with a hedge',
  ]
  return [OUTCOMES[outcome], ...ways.filter((way) => way !== false)]
}

/** The controls above the list, and whether a row passes them. */
export class Filters {
  readonly element: HTMLElement
  readonly #text: HTMLInputElement
  readonly #clear: HTMLButtonElement
  readonly #selects = new Map<string, HTMLSelectElement>()
  readonly #known = new Map<string, Set<string>>()
  readonly #onChange: () => void
  /** The names of the clients, by their place. A single client has the name ''. */
  #clients: readonly string[] = []

  /** @param onLeave called when the user leaves the text for the list, by a key */
  constructor(onChange: () => void, onLeave: () => void) {
    this.#onChange = onChange
    this.#text = h('input', {
      type: 'search',
      'aria-label': 'Filter by id, model, target or label',
      placeholder: 'Filter (/)',
      'data-filter': 'text',
      spellcheck: 'false',
    })
    this.#text.addEventListener('input', onChange)
    this.#text.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') this.clear()
      else if (event.key !== 'ArrowDown' && event.key !== 'Enter') return
      event.preventDefault()
      onLeave()
    })
    for (const [name, { all }] of Object.entries(FIELDS)) {
      const select = h(
        'select',
        { 'aria-label': `Filter by ${name}`, 'data-filter': name },
        h('option', { value: '' }, all),
      )
      select.addEventListener('change', onChange)
      this.#selects.set(name, select)
      this.#known.set(name, new Set())
    }
    this.#clear = h('button', { type: 'button', title: 'Clear the filters ( x )' }, 'Clear')
    this.#clear.addEventListener('click', () => this.clear())
    this.element = h('div.filters', { role: 'search' }, this.#clear, this.#text, ...this.#selects.values())
    this.#clear.hidden = true
  }

  focus(): void {
    this.#text.focus()
    this.#text.select()
  }

  get isActive(): boolean {
    return this.#text.value.trim() !== '' || [...this.#selects.values()].some(({ value }) => value !== '')
  }

  clear(): void {
    this.#text.value = ''
    for (const select of this.#selects.values()) select.value = ''
    this.#onChange()
  }

  /** @param names the names of all clients. With one client, there is no filter by clients */
  nameClients(names: readonly string[]): void {
    this.#clients = names
    const select = this.#selects.get('client')
    if (select) select.hidden = names.length < 2
    for (const name of names) this.#addChoice('client', name)
  }

  /** Adds the values of a row to the choices. */
  learn(row: Row): void {
    for (const [name, { of }] of Object.entries(FIELDS)) {
      for (const value of of(row, this.#clients)) this.#addChoice(name, value)
    }
  }

  /** Returns the condition that the controls describe now. */
  predicate(): (row: Row) => boolean {
    this.#clear.hidden = !this.isActive
    const words = this.#text.value
      .trim()
      .toLowerCase()
      .split(/\s+/)
      .filter((word) => word !== '')
    const chosen = [...this.#selects].flatMap(([name, { value }]) => {
      const field = FIELDS[name]
      return field && value !== '' ? [{ value, of: field.of }] : []
    })
    return (row) =>
      chosen.every(({ value, of }) => of(row, this.#clients).includes(value)) &&
      (words.length === 0 || hasWords(row, words))
  }

  #addChoice(name: string, value: string): void {
    const known = this.#known.get(name)
    const select = this.#selects.get(name)
    if (!known || !select || value === '' || known.has(value) || known.size >= MAX_CHOICES) return
    known.add(value)
    const after = [...select.options].find((option) => option.value > value)
    select.insertBefore(h('option', { value }, value), after ?? null)
  }
}

function hasWords({ receipt }: Row, words: readonly string[]): boolean {
  const { id, model, operation, labels, attempts, target } = receipt
  const text = [
    id,
    model,
    operation,
    target,
    ...attempts.map((attempt) => attempt.target),
    ...Object.entries(labels).flat(),
  ]
  const all = text.join(' ').toLowerCase()
  return words.every((word) => all.includes(word))
}
