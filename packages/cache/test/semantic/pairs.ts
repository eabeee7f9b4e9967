import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ngramVector } from './ngram-embedder.ts'

type Pair = readonly [string, string]

/** Two texts that look alike and ask for different things. */
export interface HardPair {
  readonly class: 'reversal' | 'negation' | 'number' | 'unit' | 'name' | 'code'
  readonly texts: Pair
}

/** Two texts that ask for the same. */
export interface Paraphrase {
  readonly kind: string
  /** Whether the guard lets it pass, as measured: a rule that is lost changes this. */
  readonly passes: boolean
  readonly texts: Pair
}

const read = (name: string): unknown => JSON.parse(readFileSync(join(import.meta.dirname, name), 'utf8'))

/** 200 pairs and more of our own, at least 30 of each class. */
export const hardPairs = read('hard-pairs.json') as readonly HardPair[]
/**
 * Pairs that were written after the guard, to measure it: 60 before its last change, of which it refused 59, and 60 after it, of which it refused all.
 */
export const heldOutPairs = read('held-out-pairs.json') as readonly HardPair[]
/** 200 pairs of our own. */
export const paraphrases = read('paraphrases.json') as readonly Paraphrase[]

/** All texts of all pairs, each once, in the order of the files. */
const texts: readonly string[] = [
  ...new Set([...hardPairs, ...heldOutPairs, ...paraphrases].flatMap((pair) => pair.texts)),
]

const VECTORS = join(import.meta.dirname, 'vectors.txt')

/** Reads the committed vectors. */
export function readVectors(): Map<string, Int8Array> {
  const lines = readFileSync(VECTORS, 'utf8').trimEnd().split('\n')
  return new Map(lines.map((line, at) => [texts[at] ?? '', new Int8Array(Buffer.from(line, 'base64'))]))
}

/** The vectors as they are committed: one line of Base64 for each text, in the order of `texts`. */
export function vectorLines(): string {
  return texts.map((text) => `${Buffer.from(ngramVector(text)).toString('base64')}\n`).join('')
}

/** Run `node --conditions=@harbor/source test/semantic/pairs.ts --write` after a change of the pairs. */
if (process.argv[1] === import.meta.filename && process.argv[2] === '--write')
  writeFileSync(VECTORS, vectorLines())
