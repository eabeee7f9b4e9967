// With the space before it: a Han or Kana character, a word (or 12 letters of it), three digits, a sign. Or only spaces.
const token =
  / ?[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]| ?[\p{L}\p{M}]{1,12}?(?![\p{L}\p{M}])| ?[\p{L}\p{M}]{12}| ?\p{N}{1,3}|\s+| ?[^\s\p{L}\p{M}\p{N}]|./gsu

/** Splits a text into the pieces that a model streams. Joined, they are the text. */
export function tokenise(text: string): string[] {
  return text.match(token) ?? []
}

/** The approximate number of tokens in a text, without splitting it: four bytes each. */
export function estimateTokens(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / 4)
}
