import { h } from './dom.ts'

/** Copies a text to the clipboard. Where the browser allows that only over HTTPS, it shows the text, selected, to be copied by hand. */
export async function copyText(text: string, done: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text)
    say(done)
  } catch {
    showText(text)
  }
}

function showText(text: string): void {
  const area = h('textarea', { readonly: true, rows: 20, 'aria-label': 'The receipt as JSON' })
  area.value = text
  const close = h('button', { type: 'button' }, 'Close')
  const dialog = h(
    'dialog.text',
    { 'aria-label': 'Copy' },
    h('p', {}, 'The browser did not allow to copy. Press Ctrl+C or ⌘C.'),
    area,
    close,
  )
  close.addEventListener('click', () => dialog.close())
  dialog.addEventListener('close', () => dialog.remove())
  document.body.append(dialog)
  dialog.showModal()
  area.select()
}

const SHOWN_MS = 2_500
let element: HTMLElement | undefined
let timer: ReturnType<typeof setTimeout> | undefined

/** Shows a short message for a moment, also to screen readers. */
function say(text: string): void {
  if (!element) document.body.append((element = h('div.say', { role: 'status', 'aria-live': 'polite' })))
  element.textContent = text
  element.classList.add('shown')
  clearTimeout(timer)
  timer = setTimeout(() => element?.classList.remove('shown'), SHOWN_MS)
}
