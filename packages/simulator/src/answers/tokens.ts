// With the space before it: a Han or Kana character, a word (or 12 letters of it), three digits, a sign. Or spaces alone.
const token =
  / ?[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]| ?[\p{L}\p{M}]{1,12}?(?![\p{L}\p{M}])| ?[\p{L}\p{M}]{12}| ?\p{N}{1,3}|\s+| ?[^\s\p{L}\p{M}\p{N}]|./gsu

/** Cuts a text into the pieces a model would write one at a time. Joined, they are the text. */
export function tokenise(text: string): string[] {
  return text.match(token) ?? []
}

/** About how many tokens a text is, without cutting it: four bytes each. */
export function estimateTokens(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / 4)
}
