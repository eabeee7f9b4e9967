/**
 * Copies the numbers of an embedder into a vector of length 1, so that the similarity of two vectors is their dot product.
 *
 * @throws TypeError for something else than such numbers. The message contains none of them
 */
export function unitVector(numbers: unknown): Float32Array {
  if (!isList(numbers) || numbers.length === 0 || numbers.length > MAX_LENGTH)
    throw new TypeError(`embed must return an array of 1 to ${MAX_LENGTH} numbers`)
  const vector = Float64Array.from(numbers)
  const size = sizeOf(vector)
  if (!Number.isFinite(size) || size === 0)
    throw new TypeError('embed must return finite numbers that are not all 0')
  return Float32Array.from(vector, (number) => number / size)
}

/** Squares of very large numbers would be infinite, so that each number is first divided by the largest one. */
function sizeOf(vector: Float64Array): number {
  const largest = vector.reduce((max, number) => Math.max(max, Math.abs(number)), 0)
  if (!(largest > 0 && Number.isFinite(largest))) return NaN
  const sum = vector.reduce((total, number) => total + (number / largest) ** 2, 0)
  return largest * Math.sqrt(sum)
}

function isList(value: unknown): value is ArrayLike<number> {
  return Array.isArray(value)
    ? value.every((item) => typeof item === 'number')
    : ArrayBuffer.isView(value) &&
        !(value instanceof DataView) &&
        !(value instanceof BigInt64Array) &&
        !(value instanceof BigUint64Array)
}

/** The largest embeddings of today have 12,288 numbers. */
const MAX_LENGTH = 65_536
