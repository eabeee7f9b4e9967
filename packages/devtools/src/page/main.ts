import type { Message } from '../feed/message.ts'
import { setContentCaptured } from './content.ts'
import { h } from './dom.ts'
import { endpoint } from './endpoint.ts'
import { ExplainForm } from './explain-form.ts'
import { Header } from './header.ts'
import { onKeys } from './keys.ts'
import { limitsPanel } from './limits.ts'
import { Overview } from './overview.ts'
import { setProcessClock } from './process-clock.ts'
import { ReceiptList } from './receipt-list.ts'
import { runsPanel } from './runs.ts'
import { targetsPanel } from './targets.ts'

/** The interval at which the bars of calls in flight grow, in milliseconds. */
const TICK_MS = 500

const overview = new Overview()
const list = new ReceiptList()
const explain = new ExplainForm()
const panels = h('div.panels')
const showKeys = onKeys({
  '/': () => list.filters.focus(),
  x: () => list.filters.clear(),
  p: () => list.togglePause(),
  c: () => list.copyFocused(),
  e: () => explain.focus(),
})
const header = new Header(showKeys)
document.body.append(
  ...header.elements,
  overview.element,
  h('main', {}, list.element, h('aside', {}, panels, explain.element)),
)

let instance = ''

function show(message: Message): void {
  if (message.instance !== instance) {
    if (instance !== '') list.clear()
    instance = message.instance
  }
  setProcessClock(message.now)
  setContentCaptured(message.hasContent)
  header.show(message)
  overview.show(message)
  list.apply(message)
  panels.replaceChildren(...runsPanel(message), targetsPanel(message), limitsPanel(message.clients))
  explain.show(message.clients)
}

function connect(): void {
  const events = new EventSource(endpoint('events'))
  events.addEventListener('open', () => header.connection('live'))
  events.addEventListener('error', () => header.connection('lost'))
  events.addEventListener('message', ({ data }) => show(JSON.parse(String(data)) as Message))
  for (const word of ['closed', 'replaced'] as const)
    events.addEventListener(word, () => {
      events.close()
      header.connection(word)
    })
}

connect()
setInterval(() => list.tick(), TICK_MS)
