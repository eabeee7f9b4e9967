import type { ClientFacts } from '../feed/message.ts'
import { h } from './dom.ts'
import { endpoint } from './endpoint.ts'

interface Explanation {
  readonly targets: readonly {
    readonly name: string
    readonly chain: string
    readonly state: string
    readonly leftOut?: string
    readonly sticky?: boolean
    readonly keyIndex?: number
  }[]
}

/** A form that asks a client where a request would be sent now. Nothing is sent to a provider. */
export class ExplainForm {
  readonly element: HTMLDetailsElement
  readonly #text = h('textarea', {
    rows: 3,
    spellcheck: 'false',
    'aria-label': 'Request to explain, as JSON',
    'data-explain': 'request',
  })
  readonly #client = h('select', { 'aria-label': 'Client' })
  readonly #result = h('div.result', { 'aria-live': 'polite', 'data-explain': 'result' })

  constructor() {
    this.#text.value = '{ "model": "gpt-5" }'
    const button = h('button', { type: 'button' }, 'Explain')
    button.addEventListener('click', () => void this.#explain())
    this.#text.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return
      event.preventDefault()
      void this.#explain()
    })
    const title = h('summary', {}, h('h2', {}, 'Explain a request'))
    this.element = h(
      'details.panel.explain',
      {},
      title,
      this.#text,
      h('div.controls', {}, this.#client, button),
      this.#result,
    )
  }

  show(clients: readonly ClientFacts[]): void {
    const usable = clients.flatMap(({ name, canExplain }, index) => (canExplain ? [{ name, index }] : []))
    this.element.hidden = usable.length === 0
    this.#client.hidden = usable.length < 2
    if (this.#client.options.length === usable.length) return
    this.#client.replaceChildren(...usable.map(({ name, index }) => h('option', { value: index }, name)))
  }

  focus(): void {
    this.element.open = true
    this.#text.focus()
  }

  async #explain(): Promise<void> {
    let request: unknown
    try {
      request = JSON.parse(this.#text.value)
    } catch {
      this.#result.replaceChildren(
        h('p.problem', {}, 'This is not JSON. Write the body of a request, such as {"model": "gpt-5"}.'),
      )
      return
    }
    try {
      const response = await fetch(endpoint('explain'), {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ client: Number(this.#client.value || 0), request }),
      })
      if (!response.ok) this.#result.replaceChildren(h('p.problem', {}, await response.text()))
      else this.#result.replaceChildren(...explained((await response.json()) as Explanation))
    } catch {
      this.#result.replaceChildren(h('p.problem', {}, 'The process does not answer.'))
    }
  }
}

const CHAINS: Readonly<Record<string, string>> = {
  contextWindow: 'only if the request is too long',
  contentPolicy: 'only if a content filter refuses the request',
}

function explained(explanation: Explanation): Node[] {
  const { targets } = explanation
  const first = targets.find(({ leftOut }) => leftOut === undefined)
  const steps = targets.map((target) => {
    const { name, chain, leftOut, sticky, keyIndex } = target
    const words = target === first ? 'called first' : 'takes over if those before fail'
    const notes = [
      chain !== 'fallback' && (CHAINS[chain] ?? chain),
      sticky === true && 'answered this conversation last',
      keyIndex !== undefined && `key ${keyIndex}`,
    ].filter((note) => note !== false)
    return h(
      leftOut === undefined ? 'li' : 'li.skipped',
      {},
      h('span.name', {}, name),
      h('span.why', {}, leftOut === undefined ? words : `skipped: ${leftOut}`),
      ...notes.map((note) => h('span.note', {}, note)),
    )
  })
  const all = h(
    'details',
    {},
    h('summary', {}, 'Everything, as JSON'),
    h('pre', { tabindex: 0 }, JSON.stringify(explanation, null, 2)),
  )
  return [steps.length === 0 ? h('p.none', {}, 'No target.') : h('ol', {}, ...steps), all]
}
