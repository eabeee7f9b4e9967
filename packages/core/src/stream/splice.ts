/** The least number of characters that a continuation has to repeat. Shorter texts occur by chance, so a shorter answer is not continued. */
const MIN_OVERLAP = 20
/** The usual length of an anchor, in characters, and its greatest length. */
const ANCHOR = 64
const MAX_ANCHOR = 400
/** The maximum number of places in a text where a continuation may begin. A text with more of them repeats itself. */
const MAX_PLACES = 50

/** The anchor of a broken text: its end, long enough to occur only once in it. Undefined if there is none. */
export function anchorOf(sent: string): string | undefined {
  if (sent.length < MIN_OVERLAP || endsInHalfCharacter(sent)) return undefined
  for (let length = ANCHOR; length < sent.length && length <= MAX_ANCHOR; length *= 2) {
    let start = sent.length - length
    // What comes before the anchor must not end with a blank, which some APIs refuse, nor with half a character.
    while (start > 0 && (/\s/.test(sent.charAt(start - 1)) || endsInHalfCharacter(sent.slice(0, start))))
      start--
    const anchor = sent.slice(start)
    if (sent.indexOf(anchor) === start) return anchor
  }
  return sent.length <= ANCHOR ? sent : undefined
}

function endsInHalfCharacter(text: string): boolean {
  return /[\ud800-\udbff]$/.test(text)
}

/**
 * Finds where a continuation goes on after what was sent. It has to begin with the end of the sent text, character for character, and only one
 * place may fit: then no character is lost, and none comes twice.
 */
export class Splice {
  readonly #sent: string
  #text = ''
  /** The places in the sent text where the continuation may begin; undefined until enough of it has arrived. */
  #places: readonly number[] | undefined

  constructor(sent: string) {
    this.#sent = sent
  }

  /**
   * Adds the next text of the continuation.
   * @param isEnd whether the continuation ends here
   * @returns how many of its characters were sent before; `undefined` if that is not decided yet, `'no'` if it does not fit
   */
  add(text: string, isEnd: boolean): number | 'no' | undefined {
    this.#text += text
    if (this.#text.length < MIN_OVERLAP) return isEnd ? 'no' : undefined
    const begun = this.#places ?? this.#placesOf(this.#text.slice(0, MIN_OVERLAP))
    const places = begun.filter((place) => this.#fits(place))
    this.#places = places
    const lengths = places.map((place) => this.#sent.length - place)
    if (!isEnd && lengths.some((length) => length > this.#text.length)) return undefined
    const [overlap, ...others] = lengths.filter((length) => length <= this.#text.length)
    return overlap === undefined || others.length > 0 ? 'no' : overlap
  }

  #placesOf(beginning: string): readonly number[] {
    const places: number[] = []
    for (let at = this.#sent.indexOf(beginning); at !== -1; at = this.#sent.indexOf(beginning, at + 1)) {
      places.push(at)
      if (places.length > MAX_PLACES) return []
    }
    return places
  }

  #fits(place: number): boolean {
    const length = Math.min(this.#sent.length - place, this.#text.length)
    return this.#sent.startsWith(this.#text.slice(0, length), place)
  }
}

/** Whether a text ends inside data rather than prose: inside JSON, or a block of it. Two halves of such a text are never joined. */
export function isData(text: string): boolean {
  const fences = text.split(/^\s*```/m)
  const isInFence = fences.length % 2 === 0
  return (
    /^\s*[{[]/.test(text) || (isInFence && /^(?:json|\s*[{[])/i.test(fences.at(-1) ?? '')) || endsInJson(text)
  )
}

/** The beginning of a JSON object or list in prose. */
const JSON_BEGINS = /[{[]\s*(?:["{[]|$)/g

/** Whether a text ends before the end of an object or a list in it. */
function endsInJson(text: string): boolean {
  JSON_BEGINS.lastIndex = 0
  for (let begin = JSON_BEGINS.exec(text); begin; begin = JSON_BEGINS.exec(text)) {
    const end = endOfJson(text, begin.index)
    if (end === undefined) return true
    JSON_BEGINS.lastIndex = end
  }
  return false
}

/** Returns the index after the object or list that begins at a place; undefined if the text ends before it. */
function endOfJson(text: string, begin: number): number | undefined {
  let depth = 0
  let isString = false
  for (let at = begin; at < text.length; at++) {
    const character = text[at]
    if (isString && character === '\\') at++
    else if (character === '"') isString = !isString
    else if (isString) continue
    else if (character === '{' || character === '[') depth++
    else if ((character === '}' || character === ']') && --depth === 0) return at + 1
  }
  return undefined
}
