/** Characters that a terminal draws over two columns: East Asian scripts, full-width forms, and emoji. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}|\p{Extended_Pictographic}\ufe0f/u
/** Characters that a terminal obeys instead of drawing them, or that change the direction of a line. */
const CONTROL = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu
const INVISIBLE = /^[\p{Mn}\p{Me}\p{Cf}]+$/u

/** Texts in which each character takes one column. */
const PLAIN = /^[\x20-\x7e]*$/
/** Made when it is first needed: it takes 20 ms, which a command that prints plain text does not have to spend. */
let segmenter: Intl.Segmenter | undefined

function segmentsOf(text: string): Intl.Segments {
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' })
  return segmenter.segment(text)
}

/** Returns the number of columns that a text takes in a terminal. */
export function displayWidth(text: string): number {
  if (PLAIN.test(text)) return text.length
  let width = 0
  for (const { segment } of segmentsOf(text)) width += columnsOf(segment)
  return width
}

function columnsOf(segment: string): number {
  if (INVISIBLE.test(segment)) return 0
  return WIDE.test(segment) ? 2 : 1
}

/** Makes a text safe for a terminal, and cuts it so that it takes at most `columns` columns. */
export function fitted(text: string, columns: number): string {
  const safe = text.replace(CONTROL, '?')
  if (displayWidth(safe) <= columns) return safe
  let fitting = ''
  let width = 0
  for (const { segment } of segmentsOf(safe)) {
    width += columnsOf(segment)
    if (width > columns - 1) break
    fitting += segment
  }
  return `${fitting}…`
}
