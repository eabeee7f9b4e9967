import type { ShownContent } from '../feed/contents.ts'
import { h } from './dom.ts'
import { endpoint } from './endpoint.ts'

/** Whether a client of the page captures content. */
let isCaptured = false

export function setContentCaptured(value: boolean): void {
  isCaptured = value
}

/** Requests the content of a call, and shows it when it arrives. Undefined if no client captures content. */
export function contentElement(id: string): HTMLElement | undefined {
  if (!isCaptured) return undefined
  const element = h('div.content', { 'data-content': id })
  void load(id).then((content) => {
    if (!content) return
    const { request, answer, truncated } = content
    element.append(
      part('Request', request),
      answer === undefined ? h('p.none', {}, 'The caller got no answer.') : part('Answer', answer),
      ...(truncated ? [h('p.none', {}, 'A part is left out, because it was too long.')] : []),
    )
  })
  return element
}

async function load(id: string): Promise<ShownContent | undefined> {
  const url = new URL(endpoint('content'))
  url.searchParams.set('id', id)
  try {
    const response = await fetch(url)
    return response.ok ? ((await response.json()) as ShownContent) : undefined
  } catch {
    return undefined // the process has ended
  }
}

function part(title: string, text: string): HTMLElement {
  return h('details', { open: true }, h('summary', {}, title), h('pre', { tabindex: 0 }, text))
}
