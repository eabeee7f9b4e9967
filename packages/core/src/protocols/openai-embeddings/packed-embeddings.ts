import { isRecord, type JsonBody } from '../../base/json.ts'

/** The property that holds a packed embedding. It cannot be mistaken for a provider's data: no provider sends an embedding as an object. */
const PACKED = 'float32Base64'
const FLOAT_BYTES = 4

/**
 * Copies an answer with its embeddings as base64 of 32-bit floats, which takes a quarter of the bytes. An embedding that would lose
 * precision is not changed.
 */
export function packEmbeddings(answer: JsonBody): JsonBody {
  return mapEmbeddings(answer, packed)
}

/** Restores the answer that was passed to `packEmbeddings`. */
export function unpackEmbeddings(answer: JsonBody): JsonBody {
  return mapEmbeddings(answer, unpacked)
}

function mapEmbeddings(answer: JsonBody, map: (embedding: unknown) => unknown): JsonBody {
  const { data } = answer
  if (!Array.isArray(data)) return answer
  const mapped = data.map((item: unknown) =>
    isRecord(item) && 'embedding' in item ? { ...item, embedding: map(item['embedding']) } : item,
  )
  return { ...answer, data: mapped }
}

function packed(embedding: unknown): unknown {
  if (!Array.isArray(embedding) || !embedding.every(isFloat32)) return embedding
  const bytes = new DataView(new ArrayBuffer(embedding.length * FLOAT_BYTES))
  for (const [at, value] of embedding.entries()) bytes.setFloat32(at * FLOAT_BYTES, value, true)
  return { [PACKED]: Buffer.from(bytes.buffer).toString('base64') }
}

/** Whether a number survives the round trip through a 32-bit float exactly. */
function isFloat32(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && Math.fround(value) === value
}

function unpacked(embedding: unknown): unknown {
  if (!isRecord(embedding)) return embedding
  const text = embedding[PACKED]
  if (typeof text !== 'string') return embedding
  const { buffer, byteOffset, byteLength } = Buffer.from(text, 'base64')
  const bytes = new DataView(buffer, byteOffset, byteLength)
  return Array.from({ length: byteLength / FLOAT_BYTES }, (_, at) => bytes.getFloat32(at * FLOAT_BYTES, true))
}
