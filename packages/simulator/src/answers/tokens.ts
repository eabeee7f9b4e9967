// A token is one of the following, with the space before it if there is one: a Han or Kana character, a word, 12
// letters of a longer word, one to three digits, any other character. Or a token is a run of spaces.
const token =
  / ?[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]| ?[\p{L}\p{M}]{1,12}?(?![\p{L}\p{M}])| ?[\p{L}\p{M}]{12}| ?\p{N}{1,3}|\s+| ?[^\s\p{L}\p{M}\p{N}]|./gsu

/** Splits a text into the pieces that a model streams. The joined pieces are the text again. */
export function tokenise(text: string): string[] {
  return text.match(token) ?? []
}

/** The approximate number of tokens in a text: a quarter of its bytes. Does not split the text. */
export function estimateTokens(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / 4)
}
