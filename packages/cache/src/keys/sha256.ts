/** Returns the SHA-256 of a text (FIPS 180-4) as base64url, 43 characters. Computed by Node if possible, otherwise in JavaScript. */
export function sha256(text: string): string {
  implementation ??= ofNode() ?? sha256InJavaScript
  return implementation(text)
}

let implementation: ((text: string) => string) | undefined

/**
 * Returns Node's implementation, if there is one. It is looked up at run time, because an import of `node:crypto` would fail in bundlers
 * for browsers, and would make Node load web crypto, too.
 */
function ofNode(): typeof implementation {
  const { process } = globalThis as { process?: Partial<NodeJS.Process> }
  const hash = process?.getBuiltinModule?.('node:crypto').hash
  return hash && ((text) => hash('sha256', text, 'base64url'))
}

/** Computes SHA-256 in JavaScript, for browsers, because their own implementation is asynchronous. */
export function sha256InJavaScript(text: string): string {
  const blocks = paddedWords(new TextEncoder().encode(text))
  const { state: initial, round } = constants()
  const state = initial.slice()
  const schedule = new Int32Array(64)
  for (let block = 0; block < blocks.length; block += 16) compress(state, schedule, blocks, block, round)
  const bytes = new Uint8Array(32)
  const view = new DataView(bytes.buffer)
  state.forEach((word, index) => view.setInt32(index * 4, word))
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace('=', '')
}

/** Returns the message as big-endian words, padded with a 1 bit, zeros and the message length to blocks of 16 words. */
function paddedWords(bytes: Uint8Array): Int32Array {
  const words = new Int32Array((((bytes.length + 8) >>> 6) + 1) * 16)
  const set = (at: number, byte: number): void => {
    words[at >>> 2] = (words[at >>> 2] ?? 0) | (byte << (24 - (at & 3) * 8))
  }
  bytes.forEach((byte, at) => {
    set(at, byte)
  })
  set(bytes.length, 0x80)
  words[words.length - 2] = Math.floor(bytes.length / 0x2000_0000)
  words[words.length - 1] = bytes.length << 3
  return words
}

function compress(state: Int32Array, w: Int32Array, blocks: Int32Array, at: number, k: Int32Array): void {
  w.set(blocks.subarray(at, at + 16))
  for (let i = 16; i < 64; i++) {
    const [early, late] = [w[i - 15] ?? 0, w[i - 2] ?? 0]
    const s0 = rotate(early, 7) ^ rotate(early, 18) ^ (early >>> 3)
    const s1 = rotate(late, 17) ^ rotate(late, 19) ^ (late >>> 10)
    w[i] = (w[i - 16] ?? 0) + s0 + (w[i - 7] ?? 0) + s1
  }
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state
  for (let i = 0; i < 64; i++) {
    const choice = (e & f) ^ (~e & g)
    const majority = (a & b) ^ (a & c) ^ (b & c)
    const t1 = h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + choice + (k[i] ?? 0) + (w[i] ?? 0)
    const t2 = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + majority
    ;[h, g, f, e, d, c, b, a] = [g, f, e, (d + t1) | 0, c, b, a, (t1 + t2) | 0]
  }
  ;[a, b, c, d, e, f, g, h].forEach((word, index) => {
    state[index] = (state[index] ?? 0) + word
  })
}

function rotate(word: number, by: number): number {
  return (word >>> by) | (word << (32 - by))
}

let made: { readonly state: Int32Array; readonly round: Int32Array } | undefined

/**
 * Returns the constants of SHA-256: the first 32 bits of the fractional parts of the square roots (`state`) and cube roots (`round`) of the
 * first primes.
 */
function constants(): NonNullable<typeof made> {
  return (made ??= {
    state: Int32Array.from(PRIMES.slice(0, 8), (prime) => fraction(Math.sqrt(prime))),
    round: Int32Array.from(PRIMES, (prime) => fraction(Math.cbrt(prime))),
  })
}

function fraction(root: number): number {
  return ((root - Math.floor(root)) * 0x1_0000_0000) | 0
}

const PRIMES = [
  2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103,
  107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167, 173, 179, 181, 191, 193, 197, 199, 211, 223,
  227, 229, 233, 239, 241, 251, 257, 263, 269, 271, 277, 281, 283, 293, 307, 311,
]
