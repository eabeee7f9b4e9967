/** What an attribute can be set to; undefined and false leave it out. */
type Attributes = Readonly<Record<string, string | number | boolean | undefined>>
type Child = Node | string | undefined | false

/**
 * Creates an element. Texts become text nodes, so nothing that a provider or a caller has named is read as HTML.
 * @param selector the tag, followed by classes, such as `div.row.open`
 */
export function h<Tag extends keyof HTMLElementTagNameMap>(
  selector: Tag | `${Tag}.${string}`,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const [tag = 'div', ...classes] = selector.split('.')
  const element = document.createElement(tag as Tag)
  element.classList.add(...classes)
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false)
      element.setAttribute(name, value === true ? '' : String(value))
  }
  element.append(...children.filter((child) => child !== undefined && child !== false))
  return element
}

/** Creates the mark of a client: its number. Undefined if the page shows a single client, which has no name. */
export function clientMark(name: string): HTMLElement | undefined {
  return name === '' ? undefined : h('span.note.client', { title: name }, /^\d+/.exec(name)?.[0] ?? name)
}

/** Sets the text of an element, if it is not that already, so that a selection in it stays. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text
}

/** Places an element on a horizontal track. @param start, length shares of the track, from 0 to 1 */
export function place<Item extends HTMLElement>(element: Item, start: number, length: number): Item {
  const left = Math.min(1, Math.max(0, start))
  // By properties, since the security policy of the page refuses style attributes.
  element.style.left = `${(left * 100).toFixed(3)}%`
  element.style.width = `${(Math.min(1 - left, Math.max(0, length)) * 100).toFixed(3)}%`
  return element
}
