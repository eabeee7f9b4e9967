import { clientMark, h, place } from './dom.ts'

/** What a gauge shows. */
export interface GaugeFacts {
  readonly client: string
  readonly name: string
  /** What there is to note now, such as a pause; '' for nothing. */
  readonly state: string
  readonly used: number
  readonly limit: number
  /** The amounts in words, such as `42 of 60 a minute`. */
  readonly figures: string
}

/** The share from which a gauge is hatched. */
const FULL = 0.9

/** Draws how much of a limit is used. */
export function gauge({ client, name, state, used, limit, figures }: GaugeFacts): HTMLElement {
  const share = limit > 0 ? used / limit : 0
  const title = `${client} ${name}`.trim()
  const bar = place(h(share >= FULL ? 'span.used.full' : 'span.used'), 0, share)
  const values = { 'aria-valuemin': 0, 'aria-valuemax': limit, 'aria-valuenow': Math.min(used, limit) }
  return h(
    'div.gauge',
    {},
    h('span.name', { title }, clientMark(client), name),
    h('span.state', {}, state),
    h('span.meter', { role: 'meter', 'aria-label': title, 'aria-valuetext': figures, ...values }, bar),
    h('span.figures', {}, figures),
  )
}
