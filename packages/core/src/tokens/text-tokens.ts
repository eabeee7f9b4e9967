/**
 * Estimates the number of tokens in a text. The estimate is rather too high than too low. In any script, it is about the count of OpenAI's
 * `o200k` tokenizer or higher; for prose, it is at most 2.5 times that count. It needs no vocabulary, so it takes only some nanoseconds per
 * character.
 *
 * The estimate is a sum: words of ASCII letters count by their length, digits by groups, punctuation marks and symbols one by one, and all
 * other characters by their script.
 */
export class TextTokens {
  #sum = 0
  #class: CharClass = SPACE
  /** The length of the current run of letters, digits or spaces. */
  #run = 0
  #consonants = 0

  /** The estimated number of tokens in the text added so far. */
  get count(): number {
    return Math.ceil(this.#sum)
  }

  /** Adds a text, or the next piece of one. */
  add(text: string): void {
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at)
      if (code < 128) this.#addAscii(ASCII[code] ?? SIGN, code)
      else this.#addOther(code)
    }
  }

  #addAscii(next: CharClass, code: number): void {
    const previous = this.#class
    this.#class = next
    if (next === LOWER || next === UPPER) this.#addLetter(previous, next, code)
    else if (next === DIGIT) this.#addDigit(previous)
    else if (next === SPACE) this.#addSpace(previous, code)
    else this.#sum += previous === SIGN ? SIGN_TOKENS : 1
  }

  #addLetter(previous: CharClass, next: CharClass, code: number): void {
    // Tokenizers cut `camelCase` before the capital.
    const continues = previous === next || (previous === UPPER && next === LOWER)
    if (!continues) {
      this.#run = 0
      this.#consonants = 0
      if (isInWord(previous)) this.#sum += MIXED_TOKENS
    }
    this.#run++
    this.#sum += wordTokens(this.#run) - wordTokens(this.#run - 1)
    if (previous === UPPER && next === UPPER) this.#sum += CAPITAL_TOKENS
    // A long run of consonants is not a word but an identifier or a code, which takes more tokens.
    this.#consonants = VOWELS.has(code) ? 0 : this.#consonants + 1
    if (this.#consonants > MAX_CONSONANTS) this.#sum += EXTRA_CONSONANT_TOKENS
  }

  #addDigit(previous: CharClass): void {
    if (previous === SPACE) this.#sum += this.#run > 0 ? 1 : 0 // a space is part of the token of the next word, but not of the next number
    if (previous !== DIGIT) {
      this.#run = 0
      if (isInWord(previous)) this.#sum += MIXED_TOKENS
    }
    this.#sum += this.#run++ === 0 ? 1 : DIGIT_TOKENS
  }

  #addSpace(previous: CharClass, code: number): void {
    const isBreak = code !== 32
    this.#run = previous === SPACE ? this.#run + 1 : 1
    if (this.#run === 1) this.#sum += isBreak ? 1 : 0
    else if (this.#run === 2) this.#sum += 1
    else this.#sum += isBreak ? BREAK_TOKENS : SPACE_TOKENS
  }

  #addOther(code: number): void {
    const rate = RATES[code >> 6] ?? BYTES_OF_THREE
    this.#sum += rate
    if (isLatin(code)) {
      // A letter with an accent takes additional tokens, and continues the word like a vowel.
      const previous = this.#class
      this.#class = LOWER
      this.#addLetter(previous, LOWER, LETTER_A)
    } else this.#class = OTHER
  }
}

/** Estimates the number of tokens in a text. */
export function textTokens(text: string): number {
  const tokens = new TextTokens()
  tokens.add(text)
  return tokens.count
}

type CharClass = 0 | 1 | 2 | 3 | 4 | 5
const SPACE = 0
const LOWER = 1
const UPPER = 2
const DIGIT = 3
const SIGN = 4
const OTHER = 5

function isInWord(previous: CharClass): boolean {
  return previous === LOWER || previous === UPPER || previous === DIGIT
}

/** Whether a UTF-16 code is a Latin letter with an accent. The range begins at U+00C0, after the signs of Latin-1. */
function isLatin(code: number): boolean {
  return (code >= 0xc0 && code < 0x250) || (code >= 0x1e00 && code < 0x1f00)
}

const LETTER_A = 97
const SIGN_TOKENS = 0.8
const DIGIT_TOKENS = 0.5
const SPACE_TOKENS = 0.03
const BREAK_TOKENS = 0.1
const MIXED_TOKENS = 0.5
const CAPITAL_TOKENS = 0.2
const MAX_CONSONANTS = 3
const EXTRA_CONSONANT_TOKENS = 0.5
const VOWELS = new Set(Array.from('aeiouyAEIOUY', (letter) => letter.charCodeAt(0)))

/** Estimates the tokens of a word with this number of letters: one for a short word, more for a long one, which tokenizers split. */
function wordTokens(letters: number): number {
  return letters === 0 ? 0 : Math.max(1, 0.42 * letters - 0.2)
}

const ASCII: readonly CharClass[] = Array.from({ length: 128 }, (_, code) => {
  if (code === 32 || (code >= 9 && code <= 13)) return SPACE
  if (code >= 48 && code <= 57) return DIGIT
  if (code >= 97 && code <= 122) return LOWER
  return code >= 65 && code <= 90 ? UPPER : SIGN
})

/**
 * The number of tokens for a character of two UTF-8 bytes whose script is not in `SCRIPTS`: one for each byte. A tokenizer that works on
 * bytes never needs more.
 */
const BYTES_OF_TWO = 2
/** The number of tokens for a character of three UTF-8 bytes whose script is not in `SCRIPTS`: one for each byte. */
const BYTES_OF_THREE = 3
/**
 * The number of tokens for one surrogate. A character of four UTF-8 bytes consists of two surrogates in UTF-16, so each counts as two
 * bytes.
 */
const SURROGATE = 2

/**
 * The number of tokens for a character of each script. The ranges are of UTF-16 codes, in blocks of 64. Where ranges overlap, the later
 * line applies.
 */
const SCRIPTS: readonly (readonly [from: number, to: number, rate: number])[] = [
  [0x0080, 0x07ff, BYTES_OF_TWO],
  [0x0080, 0x00bf, 1.5], // signs of Latin-1
  [0x00c0, 0x00ff, 0.6], // Latin with accents, in addition to the letter
  [0x0100, 0x024f, 0.85], // rarer accents
  [0x0380, 0x03ff, 0.6], // Greek
  [0x0400, 0x047f, 0.5], // Cyrillic
  [0x0480, 0x04ff, 0.9], // Cyrillic of other languages than Slavic ones
  [0x0540, 0x057f, 0.6], // Armenian
  [0x0580, 0x05ff, 0.65], // Hebrew
  [0x0600, 0x067f, 0.6], // Arabic
  [0x0680, 0x06ff, 0.75], // Arabic letters of other languages
  [0x0800, 0xffff, BYTES_OF_THREE],
  [0x0900, 0x097f, 0.6], // Devanagari
  [0x0980, 0x09ff, 0.6], // Bengali
  [0x0a00, 0x0a7f, 0.8], // Gurmukhi
  [0x0a80, 0x0aff, 0.65], // Gujarati
  [0x0b00, 0x0b7f, 1.5], // Odia
  [0x0b80, 0x0bff, 0.6], // Tamil
  [0x0c00, 0x0c7f, 0.8], // Telugu
  [0x0c80, 0x0cff, 0.65], // Kannada
  [0x0d00, 0x0d7f, 0.65], // Malayalam
  [0x0d80, 0x0dff, 0.9], // Sinhala
  [0x0e00, 0x0e7f, 0.75], // Thai
  [0x0e80, 0x0eff, 2.2], // Lao
  [0x0f00, 0x0fff, 1.8], // Tibetan
  [0x1000, 0x109f, 0.9], // Burmese
  [0x10c0, 0x10ff, 0.6], // Georgian
  [0x1200, 0x137f, 2.2], // Ethiopic
  [0x1780, 0x17ff, 1], // Khmer
  [0x1e00, 0x1eff, 0.8], // Vietnamese
  [0x1f00, 0x1fff, 1.9], // Greek with accents
  [0x2000, 0x207f, 1.3], // punctuation
  [0x2080, 0x20ff, 1.8], // currencies
  [0x2100, 0x22ff, 1.8], // arrows and mathematics
  [0x2500, 0x257f, 1.2], // lines of tables
  [0x2580, 0x27bf, 2.2], // symbols
  [0x3000, 0x303f, 1.1], // punctuation of East Asia
  [0x3040, 0x30ff, 1.1], // kana
  [0x3400, 0x4dbf, 3], // rare Han
  [0x4e00, 0x9fff, 1.35], // Han
  [0xac00, 0xd7af, 1.15], // Hangul
  [0xd800, 0xdfff, SURROGATE],
  [0xff00, 0xffef, 1.3], // full width
]

const RATES = new Float64Array(1024).fill(BYTES_OF_THREE)
for (const [first, last, rate] of SCRIPTS) RATES.fill(rate, (first + 63) >> 6, (last >> 6) + 1)
