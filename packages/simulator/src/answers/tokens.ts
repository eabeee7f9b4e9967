// A token is one of the following, with the space before it if there is one: a Han or Kana character, a word, 12
// letters of a longer word, one to three digits, any other character. Or a token is a run of spaces.
const token =
  / ?[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]| ?[\p{L}\p{M}]{1,12}?(?![\p{L}\p{M}])| ?[\p{L}\p{M}]{12}| ?\p{N}{1,3}|\s+| ?[^\s\p{L}\p{M}\p{N}]|./gsu

/** Splits a text into the pieces in which a model streams it. All pieces together are the original text. */
export function tokenise(text: string): string[] {
  return text.match(token) ?? []
}

/** Returns the approximate number of tokens in a text: a quarter of the number of its bytes. Faster than `tokenise`. */
export function estimateTokens(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / 4)
}
