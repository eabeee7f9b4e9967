import { h } from './dom.ts'
import { count } from './format.ts'

/** Bars of the calls in each second of the last minute. The failed ones are hatched, at the bottom. */
export class Sparkline {
  readonly element = h('div.sparkline', { role: 'img' })
  readonly #bars: { readonly all: HTMLElement; readonly failed: HTMLElement }[] = []

  show(perSecond: readonly (readonly [calls: number, failed: number])[]): void {
    const highest = Math.max(1, ...perSecond.map(([calls]) => calls))
    for (const [index, [calls, failed]] of perSecond.entries()) {
      const { all, failed: part } = this.#barAt(index)
      all.style.height = `${(calls / highest) * 100}%`
      part.style.height = calls === 0 ? '0' : `${(failed / calls) * 100}%`
    }
    const sum = perSecond.reduce((total, [calls]) => total + calls, 0)
    this.element.setAttribute(
      'aria-label',
      `${count(sum)} calls in the last minute, at most ${count(highest)} in a second`,
    )
  }

  #barAt(index: number): { all: HTMLElement; failed: HTMLElement } {
    let bar = this.#bars[index]
    if (!bar) {
      const failed = h('span.failures')
      const all = h('span.second', {}, failed)
      this.element.append(all)
      this.#bars[index] = bar = { all, failed }
    }
    return bar
  }
}
