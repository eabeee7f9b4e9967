/**
 * An embedder for tests that needs no model: it hashes the groups of three characters of a text into 64 numbers. Like a real one, it finds texts
 * similar that share most of their words, and knows nothing of what a negation or a number changes.
 */
export function ngramVector(text: string): Int8Array {
  const sums = new Float64Array(LENGTH)
  const padded = `  ${text.toLowerCase()}  `
  for (let at = 0; at + SIZE <= padded.length; at++) {
    const hash = hashOf(padded.slice(at, at + SIZE))
    sums[hash % LENGTH] = (sums[hash % LENGTH] ?? 0) + ((hash >>> 8) % 2 === 0 ? 1 : -1)
  }
  const size = Math.hypot(...sums) || 1
  return Int8Array.from(sums, (sum) => Math.round((sum / size) * 127))
}

/** FNV-1a, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0
  return hash
}

const LENGTH = 64
const SIZE = 3
