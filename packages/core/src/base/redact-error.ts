/**
 * The maximum number of errors that are redacted: along a chain of causes, which may be circular, and in the list of an `AggregateError`.
 */
const MAX_DEPTH = 8

/**
 * Deletes the fields in which a parser has stored parts of the answer, in an error and its causes, since answers must not appear in logs
 * and error reports. Codes, messages and causes stay.
 * @returns the same error
 */
export function redactError(error: unknown): unknown {
  let link = error
  for (let depth = 0; depth < MAX_DEPTH && link instanceof Error; depth++) {
    for (const field of Object.keys(link)) if (holdsContent(link, field)) Reflect.deleteProperty(link, field)
    if (link instanceof AggregateError) for (const each of link.errors.slice(0, MAX_DEPTH)) redactError(each)
    link = link.cause
  }
  return error
}

function holdsContent(error: Error, field: string): boolean {
  const value: unknown = Reflect.get(error, field)
  return (
    ArrayBuffer.isView(value) || value instanceof ArrayBuffer || (field === 'data' && isParserError(error))
  )
}

/** Whether an error comes from llhttp, the HTTP parser of undici and Node. */
function isParserError(error: Error): boolean {
  return error.name === 'HTTPParserError' || ('code' in error && /^HPE_/.test(String(error.code)))
}
