import { hashText } from '../random.ts'

/**
 * Returns a unit vector for a text. Each word, and each sequence of three characters in a word, is hashed to an index and a
 * sign. Texts with common words therefore have similar vectors (Weinberger et al., Feature Hashing for Large Scale Multitask
 * Learning, 2009).
 */
export function embed(text: string, dimensions: number): Float32Array {
  const vector = new Float32Array(dimensions)
  const add = (feature: string, weight: number) => {
    const hash = hashText(feature)
    // The low bits of FNV are weak: the index comes from all bits, the sign from the highest one.
    const place = (Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> 1) % dimensions
    vector[place] = (vector[place] ?? 0) + (hash & 0x80000000 ? weight : -weight)
  }
  for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [text]) {
    add(word, 2)
    const padded = `^${word}$`
    for (let start = 0; start + 3 <= padded.length; start++) add(padded.slice(start, start + 3), 1)
  }
  const length = Math.hypot(...vector)
  // If all signs have cancelled each other out, any unit vector will do.
  if (length === 0) vector[hashText(text) % dimensions] = 1
  else for (let place = 0; place < dimensions; place++) vector[place] = (vector[place] ?? 0) / length
  return vector
}
