import type { AlertChange } from '../client.ts'
import type { Message } from '../feed/message.ts'
import { h, setText } from './dom.ts'
import { clock } from './format.ts'

const STATES = {
  connecting: ['connecting', ''],
  live: ['live', 'live'],
  lost: ['the process does not answer', 'lost'],
  closed: ['closed by the process', 'lost'],
  replaced: ['replaced by a newer page; reload to connect', 'lost'],
} as const

/** The top of the page: which process it shows, whether it is connected, and the alerts that are firing. */
export class Header {
  readonly elements: readonly HTMLElement[]
  readonly #name = h('span.process')
  readonly #connection = h('span.connection', { role: 'status' })
  readonly #alerts = h('div.alerts')
  #firing = ''

  /** @param onHelp called when the user asks for the keys */
  constructor(onHelp: () => void) {
    const help = h('button.help', { type: 'button', title: 'Keys ( ? )' }, 'Keys')
    help.addEventListener('click', onHelp)
    this.elements = [h('header', {}, h('h1', {}, 'Harbor'), this.#name, this.#connection, help), this.#alerts]
    this.connection('connecting')
  }

  connection(state: keyof typeof STATES): void {
    const [words, style] = STATES[state]
    setText(this.#connection, words)
    this.#connection.className = `connection ${style}`
  }

  show({ name, alerts }: Message): void {
    document.title = `${name} · Harbor`
    setText(this.#name, name)
    // Elements that stay are not made again, so that a screen reader does not read them again.
    const key = JSON.stringify(alerts)
    if (key !== this.#firing) this.#alerts.replaceChildren(...alerts.map(alertElement))
    this.#firing = key
  }
}

function alertElement({ name, since, text }: AlertChange): HTMLElement {
  const sign = h('span.sign', { 'aria-hidden': 'true' }, '▲')
  return h(
    'p.alert',
    { role: 'alert', 'data-alert': name },
    sign,
    h('strong', {}, name),
    ` since ${clock(since)}: ${text}`,
  )
}
