import { isRecord, type JsonBody } from './json.ts'

/** Returns a body with parameters. They replace those of the body; objects are merged. */
export function mergedParams(body: JsonBody, params: JsonBody): JsonBody {
  const merged: Record<string, unknown> = { ...body }
  for (const [name, value] of Object.entries(params)) {
    const own = merged[name]
    merged[name] = isRecord(own) && isRecord(value) ? mergedParams(own, value) : value
  }
  return merged
}
