import { h } from './dom.ts'

const KEYS = [
  ['↑ ↓', 'move between receipts'],
  ['Enter', 'unfold a receipt, and fold it'],
  ['/', 'filter'],
  ['x', 'clear the filters'],
  ['p', 'pause the list, and continue'],
  ['c', 'copy the receipt as JSON'],
  ['e', 'explain a request'],
  ['?', 'show these keys'],
] as const

/**
 * Calls an action for a key, wherever the focus is, except where a text is typed.
 * @returns a function that shows the list of the keys
 */
export function onKeys(actions: Readonly<Record<string, () => void>>): () => void {
  const dialog = h('dialog.keys', { 'aria-label': 'Keys' }, keyList())
  document.body.append(dialog)
  dialog.addEventListener('click', () => dialog.close())
  const showKeys = (): void => (dialog.open ? dialog.close() : dialog.showModal())
  const all: Readonly<Record<string, () => void>> = { ...actions, '?': showKeys }
  document.addEventListener('keydown', (event) => {
    const { key, target, ctrlKey, metaKey, altKey } = event
    if (ctrlKey || metaKey || altKey || isTyping(target)) return
    const action = all[key]
    if (!action) return
    event.preventDefault()
    action()
  })
  return showKeys
}

function keyList(): HTMLElement {
  return h(
    'dl',
    {},
    ...KEYS.map(([key, what]) => h('div', {}, h('dt', {}, h('kbd', {}, key)), h('dd', {}, what))),
  )
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && target.matches('input, textarea, select')
}
